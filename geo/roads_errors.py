"""What can be wrong with roads: errors that are raised, and warnings that are kept and counted."""

from __future__ import annotations

from geo.errors import RoomplanError


class RoadsError(RoomplanError, ValueError):
    """A road file that no way can be computed from."""


class RoadWarning(RoomplanError, UserWarning):
    """Something in a road file that was set aside or guessed, and how often; kept, not raised.

    ``facts["count"]`` says how many lines, pieces or nodes it concerns.
    """

    @property
    def count(self) -> int:
        """How often."""
        return int(self.facts["count"])

    @classmethod
    def from_row(cls, row: list[str]) -> RoadWarning:
        """Return a warning that was kept in a file as code, count and sentence."""
        code, count, text = row
        return cls(code, text, count=int(count))
