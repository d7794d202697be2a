"""What is said of the history of a need in plain words."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext, ngettext

from procurement.kernel import language
from procurement.needs.models import BASIS_LABELS, STRENGTH_LABELS
from procurement.needs.queries.history import Act, Names
from procurement.needs.versions import Line

# flask_babel ships no types.
_: Callable[..., str] = gettext

#: Label, value before and value after.
Told = tuple[str, str, str]


def line_name(line: Line) -> str:
    """Name a line of a version: the member's own words, or the item."""
    if line.get("words"):
        return f"“{line['words']}”"
    return f"{line['designation']} ({line['code']})"


def fields(changed: Iterable[tuple[str, Any, Any]], known: Names) -> list[Told]:
    """Tell the fields of a line that changed, in words; those of no interest are left out."""
    pairs = {name: (old, new) for name, old, new in changed}
    return [
        (label, value(name, pairs[name][0], known), value(name, pairs[name][1], known))
        for name, label in _labels().items()
        if name in pairs
    ]


def changes(told: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Give what an act of the journal changed: names with the values before and after."""
    return ((name, kept[0], kept[1]) for name, kept in told.items() if isinstance(kept, list))


def value(name: str, kept: Any, known: Names) -> str:
    """Write a value that a version or the journal keeps, as its reader writes it."""
    if kept is None:
        return _("nothing")
    write = _WRITERS.get(name)
    return write(kept, known) if write else str(kept)


def act(told: Act, known: Names) -> str:
    """Tell an act in a sentence, without who did it and when."""
    tell = _ACTS.get(told.verb)
    return tell(told.told, known) if tell else _("Made another change.")


def decided(told: Act) -> str:
    """Name what was decided."""
    return {
        "needs.validate": _("Validated"),
        "needs.return_to_author": _("Returned"),
        "needs.object": _("Objection"),
    }[told.verb]


def _labels() -> dict[str, str]:
    return {
        "words": _("Own words"),
        "own_unit": _("Own unit"),
        "site_name": _("Delivered to"),
        "site_id": _("Delivered to"),
        "declared_quantity": _("Quantity"),
        "basis": _("This quantity is"),
        "strength": _("Strength"),
        "wanted_on": _("Wanted by"),
        "price": _("Unit price paid today"),
        "paid_price": _("Unit price paid today"),
        "paid_since": _("Since"),
        "evidence_id": _("Evidence"),
        "remark": _("Remark"),
    }


def _day(kept: Any, _known: Names) -> str:
    return language.day(date.fromisoformat(kept))


def _price(kept: Any, _known: Names) -> str:
    return f"{language.price(Decimal(kept))}\u00a0€"


def _evidence(kept: Any, known: Names) -> str:
    return known.documents.get(kept) or _("a file that was removed")


def _site(kept: Any, known: Names) -> str:
    return known.sites.get(kept) or _("a place that is no longer yours")


_WRITERS: dict[str, Callable[[Any, Names], str]] = {
    "basis": lambda kept, known: str(BASIS_LABELS[kept]),
    "strength": lambda kept, known: str(STRENGTH_LABELS[kept]),
    "declared_quantity": lambda kept, known: language.quantity(Decimal(kept)),
    "wanted_on": _day,
    "paid_since": _day,
    "price": _price,
    "paid_price": _price,
    "evidence_id": _evidence,
    "site_id": _site,
}


def _line(told: dict[str, Any], known: Names) -> str:
    words, item_id = (_before(told.get(name)) for name in ("words", "item_id"))
    if words:
        return f"“{words}”"
    return known.items.get(item_id) or _("a line")


def _before(kept: Any) -> Any:
    return kept[0] if isinstance(kept, list) else kept


def _quantity(told: dict[str, Any]) -> str:
    return language.quantity(Decimal(_before(told["quantity"])))


def _copied(told: dict[str, Any], _known: Names) -> str:
    return str(
        ngettext(
            "Copied %(num)s line of the last need.",
            "Copied %(num)s lines of the last need.",
            told["lines"],
        )
    )


def _imported(told: dict[str, Any], _known: Names) -> str:
    return str(
        ngettext(
            "Wrote %(num)s line from the workbook %(file)s.",
            "Wrote %(num)s lines from the workbook %(file)s.",
            len(told["lines"]),
            file=told["file"],
        )
    )


_ACTS: dict[str, Callable[[dict[str, Any], Names], str]] = {
    "needs.begin": lambda told, known: _("Began the answer."),
    "needs.take_over": lambda told, known: _("Took over the answer that somebody else entered."),
    "needs.add_line": lambda told, known: _(
        "Added %(line)s: %(quantity)s.", line=_line(told, known), quantity=_quantity(told)
    ),
    "needs.change_line": lambda told, known: _("Changed %(line)s.", line=_line(told, known)),
    "needs.remove_line": lambda told, known: _(
        "Removed %(line)s: %(quantity)s.", line=_line(told, known), quantity=_quantity(told)
    ),
    "needs.copy_last": _copied,
    "needs.import_lines": _imported,
    "needs.attach": lambda told, known: _("Attached the file %(file)s.", file=told["document"]),
    "needs.remove_document": lambda told, known: _(
        "Removed the file %(file)s.", file=_before(told["document"])
    ),
}
