"""The words of the answer board, and what its counts come to."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import lazy_gettext as _


class Departement(StrEnum):
    """A département of the territory, by its code."""

    YVELINES = "78"
    HAUTS_DE_SEINE = "92"


#: Their own names, which no language changes.
DEPARTEMENTS = {
    Departement.YVELINES: "Yvelines",
    Departement.HAUTS_DE_SEINE: "Hauts-de-Seine",
}


class Status(StrEnum):
    """Where an invited member is with its answer: always exactly one of these."""

    ANSWERED = "answered"
    NIL_RETURN = "nil_return"
    DRAFT = "draft"
    RETURNED = "returned"
    NO_ANSWER = "no_answer"
    LATE = "late"
    NOT_CONCERNED = "not_concerned"


STATUS_LABELS = {
    Status.ANSWERED: _("Answered"),
    Status.NIL_RETURN: _("Nothing needed"),
    Status.DRAFT: _("Draft begun"),
    Status.RETURNED: _("Returned to its author"),
    Status.NO_ANSWER: _("No answer"),
    Status.LATE: _("Late"),
    Status.NOT_CONCERNED: _("Not concerned"),
}
#: Those who have answered, whatever they need.
DONE = (Status.ANSWERED, Status.NIL_RETURN)
#: Those who may still answer, and are reminded.
PENDING = (Status.DRAFT, Status.RETURNED, Status.NO_ANSWER)

#: Bands of inhabitants: word → (from, up to and not with), as the filter offers them.
SIZES: dict[str, tuple[int, int | None]] = {
    "hamlet": (0, 1_000),
    "village": (1_000, 5_000),
    "town": (5_000, 20_000),
    "city": (20_000, None),
}
SIZE_LABELS = {
    "hamlet": _("Fewer than 1,000 inhabitants"),
    "village": _("1,000 to 4,999 inhabitants"),
    "town": _("5,000 to 19,999 inhabitants"),
    "city": _("20,000 inhabitants or more"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """Members of one département in one status. ``inhabitants`` counts those of communes alone.

    The inhabitants of an intercommunality or of a département live in its communes already.
    ``unreachable`` members have nobody whom a reminder could be written to.
    """

    departement: str
    status: Status
    members: int
    inhabitants: int
    unreachable: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """How many of all."""

    done: int
    total: int

    @property
    def percent(self) -> int:
        """Whole percent, rounded down: 100 is only said when nobody is missing. 0 of 0 is 0."""
        return self.done * 100 // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of a board, or of the part of it that its filters leave."""

    parts: tuple[Part, ...]

    def members(self, status: str = "", departement: str = "") -> int:
        """Count members: of a status, of a département, of both, or all."""
        return sum(one.members for one in self._of(departement) if status in ("", one.status))

    def completion(self, departement: str = "") -> Share:
        """Members that have answered, among those concerned."""
        parts = list(self._of(departement))
        return Share(
            sum(one.members for one in parts if one.status in DONE),
            sum(one.members for one in parts if one.status is not Status.NOT_CONCERNED),
        )

    def completion_by_inhabitants(self, departement: str = "") -> Share:
        """Inhabitants of the communes that have answered, among those of the communes concerned."""
        parts = list(self._of(departement))
        return Share(
            sum(one.inhabitants for one in parts if one.status in DONE),
            sum(one.inhabitants for one in parts if one.status is not Status.NOT_CONCERNED),
        )

    @property
    def pending(self) -> int:
        """Members that a reminder is for."""
        return sum(one.members for one in self.parts if one.status in PENDING)

    @property
    def unreachable(self) -> int:
        """Members that a reminder is for, and that have nobody to write to."""
        return sum(one.unreachable for one in self.parts if one.status in PENDING)

    @property
    def departements(self) -> list[str]:
        """The départements of the members, in order."""
        return sorted({one.departement for one in self.parts})

    def _of(self, departement: str) -> Iterable[Part]:
        return (one for one in self.parts if departement in ("", one.departement))
