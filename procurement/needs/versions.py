"""What changed from one version of a need to the next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

#: A line as a version keeps it: plain values by name, ``id`` among them.
Line = Mapping[str, Any]
#: What is compared, in the order that people read it. Of a free line the price is the member's own:
#: what the centrale makes of it in units of an item is no change of the member's.
COMPARED = (
    "words",
    "own_unit",
    "site_name",
    "declared_quantity",
    "basis",
    "strength",
    "wanted_on",
    "price",
    "paid_since",
    "evidence_id",
    "remark",
)


class Kind(StrEnum):
    """What became of a line."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one line: as it is now, or as it was before it was removed."""

    kind: Kind
    line: Line
    #: Name, value before and value after of each field that changed.
    fields: tuple[tuple[str, Any, Any], ...] = ()


def differences(before: Sequence[Line], after: Sequence[Line]) -> list[Change]:
    """List what changed between two versions: changed and removed lines first, then added ones."""
    return [*_left(before, after), *_added(before, after)]


def value(line: Line, name: str) -> Any:
    """Read one of the compared values of a line."""
    if name == "price":
        name = "own_price" if line.get("words") else "paid_price"
    return line.get(name)


def _left(before: Sequence[Line], after: Sequence[Line]) -> Iterator[Change]:
    now = {_key(line): line for line in after}
    for line in before:
        found = now.get(_key(line))
        if found is None:
            yield Change(Kind.REMOVED, line)
            continue
        pairs = ((name, value(line, name), value(found, name)) for name in COMPARED)
        fields = tuple(one for one in pairs if one[1] != one[2])
        if fields:
            yield Change(Kind.CHANGED, found, fields)


def _added(before: Sequence[Line], after: Sequence[Line]) -> Iterator[Change]:
    known = {_key(line) for line in before}
    return (Change(Kind.ADDED, line) for line in after if _key(line) not in known)


def _key(line: Line) -> tuple[Any, ...]:
    """Tell a line from others: a database may give the number of one that is gone to another."""
    return line["id"], None if line.get("words") else line.get("code")
