# Every target makes its own .venv and installs what it needs.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run test check bench data clean

run: $(STAMP) static/bundle.js
	$(BIN)/streamlit run app.py
