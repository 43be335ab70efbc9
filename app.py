"""Streamlit entry: ``streamlit run app.py``."""

from ui import frame

frame.run()
