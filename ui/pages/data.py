"""Data: one's own files in, rooms edited in place, every change undone or taken back."""

import streamlit as st

from ui import cached, frame, state
from ui.data_desk import Desk
from ui.data_edit import edit
from ui.data_history import history
from ui.data_outlines import outlines
from ui.data_population import population
from ui.data_roads import roads
from ui.data_upload import upload
from ui.data_who import editor, may_edit

PARTS = {
    "upload": upload,
    "population": population,
    "roads": roads,
    "outlines": outlines,
    "edit": edit,
    "history": history,
}

text = frame.begin()
folder = frame.study_folder()
tables = cached.load_tables(folder)
desk = Desk(folder, tables, editor(text), may_edit(), text)
st.caption(text("data.intro"))
part = st.radio(
    text("data.part"),
    list(PARTS),
    format_func=lambda name: text(f"data.part_{name}"),
    captions=[text(f"data.part_{name}_of") for name in PARTS],
    horizontal=True,
    label_visibility="collapsed",
    key=state.slot("part", "upload", parse=lambda link: link if link in PARTS else "upload"),
)
state.keep("part", part, "upload")
if not desk.may_edit:
    st.info(text("data.viewer"))
if part != "upload" or desk.may_edit:
    PARTS[part](desk)
