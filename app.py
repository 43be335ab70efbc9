"""Streamlit entry: ``streamlit run app.py``."""

if __name__ == "__main__":  # the script that Streamlit runs for every reader
    from ui import frame

    frame.run()
else:  # the server around it, which begins on the first survey before anyone asks for it
    import streamlit as st

    from ui import warm

    app = st.App(__file__, lifespan=warm.early)
