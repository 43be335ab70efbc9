"""An upload on the Data page, from the file to the accepted change, one step below the other."""

from __future__ import annotations

import streamlit as st

from geo.errors import RoomplanError
from geo.intake.apply import apply
from geo.intake.datum import CANNOT_TELL, LIKELY, SURE, DatumGuess
from geo.intake.judge import judge_datum
from geo.intake.mapping import Mapping
from geo.intake.raw import RawTable
from geo.intake.report import Intake
from geo.intake.synonyms import IMPORTS, words_for
from geo.register import LAYERS, open_register
from geo.register_home import register_target
from geo.working_copy import (
    Plan,
    as_now,
    import_rows,
    open_working,
    own_columns,
    plan_import,
    save_mapping,
    saved_mappings,
    suggest,
)
from geo.write import guard
from ui import data_report, state
from ui.data_desk import Desk
from ui.data_reading import ask_datum, pick_table, read_upload
from ui.data_rows import SHOWN_ROWS, Key, show_rows
from ui.data_words import cells_table, datum_text, evidence_lines, plan_lines
from ui.escape import plain
from ui.wording import Words

TYPES = ["xlsx", "xls", "csv", "tsv", "txt", "geojson", "json", "gpkg", "zip", "kml", "fgb"]
LEAVE_OUT = ""
HELD_FOR_UPLOAD = ("upload", "judged", "read", "turned", "told", "report", "mend", "planned")
BANNERS = {SURE: st.success, LIKELY: st.info, CANNOT_TELL: st.warning}


def upload(desk: Desk) -> None:
    """Draw the upload and as many of its steps as can be taken."""
    text = desk.text
    _say_done(desk)
    left, right = st.columns([3, 1])
    with right:
        table = st.selectbox(
            text("data.as_table"),
            LAYERS,
            format_func=lambda t: text(f"data.table_{t}"),
            key="as",
            placeholder=text("app.select"),
        )
    with left:
        file = st.file_uploader(
            text("data.file"), type=TYPES, key=f"file_{state.held('uploads', 0)}"
        )
        st.caption(text("data.file_help"))
    if file is None:
        return
    raw = pick_table(read_upload(file, text), text)
    if raw is None:
        return
    key = f"{file.file_id}_{raw.layer}_{table}"
    mapping, saved = map_columns(desk, raw, table, key)
    st.markdown(f"##### {text('data.step_datum')}")
    asked = (key, mapping.to_dict(), desk.tables.fingerprint)
    guess = state.once(
        "judged",
        asked,
        lambda: judge_datum(raw, mapping, units=desk.units, rooms=desk.tables.frames["rooms"]),
    )
    datum, settled = _choose_datum(raw, table, guess, text, key)
    if not settled:
        return
    intake, key = _apply(desk, raw, mapping, datum, (*asked, datum))
    show_rows(desk, intake, key)
    _accept(desk, intake, mapping, saved, raw, key)


def _say_done(desk: Desk) -> None:
    """Say what the last import did, and offer to take it back at once."""
    text, change = desk.text, state.held("imported")
    if state.held("undone") is not None:
        st.success(text("data.undone", change=state.held("undone")))
        state.hold("undone", None)
    if change is None:
        return
    left, right = st.columns([4, 1])
    left.success(text("data.accepted_as", change=change), icon=":material/check:")
    if right.button(text("data.undo"), key="undo_import", width="stretch"):
        with open_register(desk.tables.register) as register:
            register.undo(who=desk.who, change=change)
        state.hold("imported", None)
        state.hold("undone", change)
        state.hold("seen", None)
        st.rerun()


def map_columns(desk: Desk, raw: RawTable, table: str, key: str) -> tuple[Mapping, list[Mapping]]:
    """Draw one box for each column of the table, filled by what the headings say.

    Parameters
    ----------
    desk : Desk
    raw : RawTable
    table : str
        A key of :data:`geo.intake.synonyms.IMPORTS`.
    key : str
        Of the upload, for the boxes.

    Returns
    -------
    Mapping
    list of Mapping
        Those saved so far.
    """
    text = desk.text
    saved = saved_mappings(desk.folder)
    current = desk.tables.frames.get(table, desk.units)
    found = suggest(raw, table=table, current=current, saved=saved)
    st.markdown(f"##### {text('data.step_columns')}")
    st.caption(text("data.columns_help", rows=len(raw.frame), file=plain(raw.name)))
    if raw.refused:
        refused = plain(text("data.comma").join(raw.refused))
        st.warning(text("data.note_refused", value=refused))
    headers = [LEAVE_OUT, *(c for c in raw.frame if c not in own_columns(raw, table, current))]
    columns = {}
    with st.expander(_mapped_text(found, len(words_for(table)), text), expanded=not found.columns):
        places = st.columns(3)
        for number, target in enumerate(words_for(table)):
            head = found.columns.get(target, LEAVE_OUT)
            with places[number % 3]:
                columns[target] = st.selectbox(
                    _target_label(table, target, text),
                    headers,
                    index=headers.index(head) if head in headers else 0,
                    format_func=lambda h: _with_sample(raw, h, text),
                    key=f"map_{key}_{target}",
                    placeholder=text("app.select"),
                )
    chosen = {target: head for target, head in columns.items() if head}
    return Mapping(table, chosen, found.values, found.constants), saved


def _mapped_text(mapping: Mapping, total: int, text: Words) -> str:
    pairs = [
        f"{data_report.column_name(mapping.table, target, text)} ← {head}"
        for target, head in mapping.columns.items()
    ]
    told = plain(text("data.comma").join(pairs))
    return text("data.mapped", count=len(pairs), total=total, pairs=told)


def _target_label(table: str, target: str, text: Words) -> str:
    column = IMPORTS[table].columns.get(target)
    needed = column is not None and column.required and not column.unknown and column.kind == "text"
    return data_report.column_name(table, target, text) + (" *" if needed else "")


def _with_sample(raw: RawTable, header: str, text: Words) -> str:
    """Return a heading with the first thing that stands below it."""
    if header == LEAVE_OUT:
        return text("data.leave_out")
    cells = raw.frame[header].dropna()
    cells = cells[cells.str.strip() != ""]
    return header if cells.empty else f"{header}  ({str(cells.iloc[0])[:24]})"


def _choose_datum(
    raw: RawTable, table: str, guess: DatumGuess | None, text: Words, key: str
) -> tuple[str | None, bool]:
    """Ask for the coordinate system; return it, and whether the import can go on."""
    if guess is None:
        st.caption(text("data.no_coordinates"))
        return None, True
    verdict = text(f"data.verdict_{guess.verdict.replace(' ', '_')}")
    name = datum_text(guess.datum, text) if guess.datum else text("data.datum_none")
    lines = "\n".join(f"- {line}" for line in evidence_lines(guess, text))
    BANNERS[guess.verdict](text("data.verdict", verdict=verdict, datum=name) + f"\n\n{lines}")
    if raw.stated_crs:
        st.caption(text("data.stated_crs", crs=plain(raw.stated_crs)))
    proven = guess.datum if guess.verdict == SURE else None
    chosen = ask_datum(text, key, start=proven)
    if chosen is None:
        return None, False
    same = {chosen, "wgs84" if chosen == "cgcs2000" else chosen}
    if guess.verdict != CANNOT_TELL and guess.datum not in (None, *same):
        st.warning(text("data.datum_against", datum=datum_text(str(guess.datum), text)))
    return chosen, True


def _apply(
    desk: Desk, raw: RawTable, mapping: Mapping, datum: str | None, asked: Key
) -> tuple[Intake, Key]:
    """Return the rows as they would go in, made once for what was asked, and what was asked."""
    rooms, current = desk.tables.frames["rooms"], desk.tables.frames[mapping.table]

    def read(*, fix_swapped: bool) -> Intake:
        with st.spinner(desk.text("data.checking")):
            found = apply(
                *(raw, mapping), units=desk.units, datum=datum, rooms=rooms, fix_swapped=fix_swapped
            )
            return as_now(found, raw, mapping, current)

    intake = state.once("read", asked, lambda: read(fix_swapped=False))
    swapped = int((intake.remarks["code"] == "intake.row.swapped").sum())
    label = desk.text("data.fix_swapped", count=swapped)
    if swapped and st.checkbox(label, key=f"swap_{asked[0]}"):
        return state.once("turned", asked, lambda: read(fix_swapped=True)), (*asked, "turned")
    return intake, asked


def _accept(
    desk: Desk,
    intake: Intake,
    mapping: Mapping,
    saved: list[Mapping],
    raw: RawTable,
    asked: Key,
) -> None:
    """Show what would change, and save it as one transaction when told."""
    text = desk.text
    st.markdown(f"##### {text('data.step_accept')}")
    if intake.rows.empty:
        st.info(text("data.nothing_to_accept"))
        return
    mode = st.radio(
        text("data.mode"),
        ("merge", "replace"),
        index=None,
        format_func=lambda m: text(f"data.mode_{m}", table=text(f"data.table_{intake.table}")),
        key=f"mode_{intake.table}",
    )
    if mode is None:
        st.info(text("data.mode_ask"))
        return
    plan = state.once(
        "planned",
        (*asked, mode),
        lambda: plan_import(intake, desk.tables, replaces=mode == "replace"),
    )
    for line in plan_lines(intake.table, plan, text):
        st.markdown(f"- {plain(line)}")
    _show_cells(desk, plan, intake)
    if st.button(text("data.accept"), type="primary", key="accept"):
        _save(desk, intake, plan, mapping, saved, raw)


def _show_cells(desk: Desk, plan: Plan, intake: Intake) -> None:
    if plan.preview.cells.empty:
        return
    current = desk.tables.frames[intake.table]
    names = current["name"].to_dict() if "name" in current else {}
    with st.expander(desk.text("data.cells", count=len(plan.preview.cells))):
        cells = cells_table(plan, intake.table, desk.text, names).head(SHOWN_ROWS)
        st.dataframe(cells.map(guard), hide_index=True, width="stretch")


def _save(
    desk: Desk, intake: Intake, plan: Plan, mapping: Mapping, saved: list[Mapping], raw: RawTable
) -> None:
    try:
        with st.spinner(desk.text("data.saving")):
            with open_working(desk.folder, who=desk.who):
                pass
            change = import_rows(
                register_target(desk.folder, desk.tables.settings),
                intake.table,
                intake.rows,
                who=desk.who,
                label=raw.name,
                units=desk.units,
                replaces=plan.replaces,
                based_on=plan.based_on,
            )
            save_mapping(desk.folder, mapping, saved=saved)
    except RoomplanError as error:
        st.error(plain(desk.text.explain(error)), icon=":material/error:")
        return
    if change is None:
        st.info(desk.text("terminal.nothing_changed"))
        return
    state.hold("imported", change)
    state.hold("seen", None)
    for name in HELD_FOR_UPLOAD:
        state.hold(name, None)
    state.hold("uploads", state.held("uploads", 0) + 1)
    st.rerun()
