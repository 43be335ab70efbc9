"""The register against a model of plain dicts: any sequence of edits, imports, conflicts, undos."""

from __future__ import annotations

import tempfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from shapely import Point

from geo.errors import ConflictError, RegisterError
from register_worlds import new_register, plain
from worlds import toy_frames

IDS = st.sampled_from(["s1", "s2", "s3", "n1", "n2"])
NOTES = st.sampled_from([None, "甲", "乙"])
COSTS = st.sampled_from([None, 0.0, 1.5])
POINTS = st.sampled_from([None, (118.05, 25.05), (118.15, 25.1)])


class Editing(RuleBasedStateMachine):
    """Every rule does one thing to the register and, in a few lines, to the model.

    The model is a list of ``(rows before, rows after, number of the change it undoes)``: whole
    copies of the table, nothing shared with how the register keeps its history.
    """

    store = "file"

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.register = new_register(self.store, Path(self.folder.name))
        self.rows = plain(toy_frames()["sites"])
        self.changes = {1: ({}, self.rows, None)}

    def teardown(self):
        when = self.register.history().groupby("change")["when"].first()
        for number, (_, after, _) in self.changes.items():
            past = plain(self.register.read("sites", at=when[number].to_pydatetime()))
            later = [n for n in self.changes if n > number and when[n] == when[number]]
            assert past == (self.changes[later[-1]][1] if later else after)
        self.register.close()
        self.folder.cleanup()

    def versions(self):
        return self.register.read("sites", with_version=True)["version"].to_dict()

    def saved(self, rows, undoes=None):
        if rows != self.rows:
            number = max(self.changes) + 1
            assert self.register.last_change() == number
            self.changes[number] = (self.rows, rows, undoes)
            self.rows = rows

    @rule(row=IDS, note=NOTES, cost=COSTS, point=POINTS)
    def add(self, row, note, cost, point):
        values = {"name": "园", "kind": "park", "unit_id": "A", "note": note, "cost": cost}
        values["geometry"] = point
        if row in self.rows:
            with pytest.raises(ConflictError):
                self.register.add("sites", row, values, who="乙")
        else:
            self.register.add("sites", row, values, who="乙")
            known = {name: value for name, value in values.items() if value is not None}
            self.saved({**self.rows, row: known})

    @rule(row=IDS, note=NOTES, cost=COSTS)
    def edit(self, row, note, cost):
        if row not in self.rows:
            return
        version = self.versions()[row]
        changes = {"note": note, "cost": cost}
        self.register.edit("sites", row, changes, version=version, who="乙")
        merged = {**self.rows[row], **changes}
        known = {name: value for name, value in merged.items() if value is not None}
        self.saved({**self.rows, row: known})

    @rule(row=IDS)
    def edit_what_was_seen_long_ago(self, row):
        seen = self.versions().get(row, 1) - 1
        kind = ConflictError if row in self.rows else RegisterError
        with pytest.raises(kind):
            self.register.edit("sites", row, {"note": "zu spät"}, version=seen, who="乙")

    @rule(row=IDS)
    def remove(self, row):
        if row in self.rows:
            self.register.remove("sites", row, version=self.versions()[row], who="乙")
            self.saved({key: cells for key, cells in self.rows.items() if key != row})

    @rule(rows=st.dictionaries(IDS, st.tuples(NOTES, POINTS), max_size=4), whole=st.booleans())
    def bring_in_a_list(self, rows, whole):
        columns = {"name": "单", "kind": "park", "unit_id": "B"}
        frame = pd.DataFrame([{**columns, "note": note} for note, _ in rows.values()])
        frame = frame.reindex(columns=[*columns, "note"])
        frame.index = pd.Index(list(rows), dtype=object)
        points = [None if point is None else Point(point) for _, point in rows.values()]
        frame = gpd.GeoDataFrame(frame, geometry=points, crs=4326)
        self.register.apply_import("sites", frame, who="丙", label="x", remove_vanished=whole)
        merged = {} if whole else dict(self.rows)
        for row, (note, point) in rows.items():
            cells = {**self.rows.get(row, {}), **columns, "note": note, "geometry": point}
            merged[row] = {name: value for name, value in cells.items() if value is not None}
        self.saved(merged)

    def stands(self, number):
        undone_by = [n for n, (_, _, undoes) in self.changes.items() if undoes == number]
        return not any(self.stands(n) for n in undone_by)

    def undone(self, number):
        """Return the rows without a change, or None when a row of it was changed since."""
        before, after, _ = self.changes[number]
        touched = {row for row in before.keys() | after.keys() if before.get(row) != after.get(row)}
        if any(self.rows.get(row) != after.get(row) for row in touched):
            return None
        rows = {row: cells for row, cells in self.rows.items() if row not in touched}
        return rows | {row: before[row] for row in touched if row in before}

    def undo(self, number, named):
        rows = self.undone(number)
        if rows is None:
            with pytest.raises(ConflictError):
                self.register.undo(who="丁", change=named)
        else:
            assert self.register.undo(who="丁", change=named) == number
            self.saved(rows, undoes=number)

    @rule()
    def undo_the_newest(self):
        standing = [n for n, c in self.changes.items() if n > 1 and c[2] is None and self.stands(n)]
        if standing:
            self.undo(max(standing), None)
        else:
            with pytest.raises(RegisterError, match="no change to undo"):
                self.register.undo(who="丁")

    @precondition(lambda self: len(self.changes) > 1)
    @rule(data=st.data())
    def undo_any(self, data):
        number = data.draw(st.sampled_from(sorted(self.changes)[1:]))
        if self.stands(number):
            self.undo(number, number)
        else:
            with pytest.raises(RegisterError, match="undone already"):
                self.register.undo(who="丁", change=number)

    @invariant()
    def the_register_holds_what_the_model_holds(self):
        assert plain(self.register.read("sites")) == self.rows

    @invariant()
    def versions_only_grow(self):
        now = self.versions()
        last = self.register.history("sites").groupby("row_id")["version"].max()
        assert all(now[row] == last[row] for row in now)


class EditingOnServer(Editing):
    """The same on PostgreSQL."""

    store = "server"


TestFile = Editing.TestCase
TestFile.settings = settings(max_examples=15, stateful_step_count=20)
TestServer = EditingOnServer.TestCase
TestServer.settings = settings(max_examples=5, stateful_step_count=20)
