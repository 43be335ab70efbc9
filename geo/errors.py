"""The errors a user can cause, each saying what is wrong, where, how often and what to do.

The English sentence is written where the error is raised. ``code`` names the sentence's
translation in ``ui/wording`` and ``facts`` fills it, so that one error reads well in any language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

MAX_IDS = 5


class RoomplanError(Exception):
    """A fault in what the user gave, never a bug in the program.

    Parameters
    ----------
    code : str
        Dotted key of the message, for example ``"schema.duplicate_id"``.
    message : str
        The full English sentence, remedy included.
    **facts
        What the sentence is about, under stable names: ``file``, ``table``, ``column``, ``row``,
        ``count``, ``ids``, ``value``, ``remedy`` …

    Attributes
    ----------
    exit_code : int
        What the command line returns: 2 for bad input or use, 3 for no feasible answer.

    Examples
    --------
    >>> error = RoomplanError("schema.empty", "rooms.csv holds no row.", file="rooms.csv")
    >>> str(error), error.code, error.facts["file"]
    ('rooms.csv holds no row.', 'schema.empty', 'rooms.csv')
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, code: str, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.code = code
        self.facts = facts

    def parts(self) -> Sequence[RoomplanError]:
        """Return the single faults this error is made of (itself, unless it gathers several)."""
        return (self,)


class StudyError(RoomplanError, ValueError):
    """A study's files or tables break the data contract."""


class MissingFileError(RoomplanError, FileNotFoundError):
    """A file that the study names is not there or cannot be read."""

    def __str__(self) -> str:
        return str(self.args[0])


class StudyFaults(StudyError):
    """Every fault found in a study, gathered and raised once.

    Parameters
    ----------
    faults : iterable of RoomplanError
        At least one fault, in the order found.
    """

    def __init__(self, faults: Iterable[RoomplanError]) -> None:
        self.faults = tuple(faults)
        super().__init__("study.faults", " ".join(str(f) for f in self.faults))

    def parts(self) -> Sequence[RoomplanError]:
        """Return the gathered faults."""
        return self.faults


class ScenarioError(RoomplanError, ValueError):
    """A setting lies outside what it may be."""


class ProblemError(RoomplanError, ValueError):
    """A siting problem is malformed: wrong shapes, NaN weights, negative costs, limit 0."""


class InfeasibleError(RoomplanError, ValueError):
    """A well-formed siting problem has no answer; the message names the demand to blame."""

    exit_code = 3


class IntakeError(RoomplanError, ValueError):
    """A file from outside cannot be read, or is refused."""


class PlaceNameError(RoomplanError, LookupError):
    """A place name matches no administrative unit, or more than one."""


class RegisterError(RoomplanError, RuntimeError):
    """The register cannot do what was asked, and nothing was changed."""


class ConflictError(RegisterError):
    """Somebody else changed the row since it was read; their edit stands."""


def first_ids(ids: Iterable[object], limit: int = MAX_IDS) -> str:
    """Return the first ids as one readable string, with an ellipsis where more follow.

    Examples
    --------
    >>> first_ids(["a", "b", "c"], limit=2)
    'a, b, …'
    """
    listed = [str(i) for i in ids]
    return ", ".join(listed[:limit]) + (", …" if len(listed) > limit else "")
