"""The workbook of needs: template, filled form and list of errors in one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from procurement.kernel import language
from procurement.kernel.errors import Refused
from procurement.kernel.sheets import (
    DATE,
    PRICE,
    QUANTITY,
    TEXT,
    WHOLE,
    Cell,
    Column,
    Sheet,
    Wrong,
    listed,
    workbook,
)
from procurement.needs.layout import (
    BETWEEN,
    Refusal,
    bodies_sheet,
    body_headings,
    headings,
    item_label,
    lines_sheet,
    place_label,
    unit_label,
)
from procurement.needs.models import BASIS_LABELS, STRENGTH_LABELS, Campaign, Strength
from procurement.needs.queries import Answer, Choices

#: Empty rows ready to be filled in, below those that are.
_SPARE = 200


@dataclass(frozen=True, slots=True)
class Content:
    """What a workbook holds."""

    campaign: Campaign
    answers: Sequence[Answer]
    choices: Choices
    made_at: datetime
    #: The warning that figures are invented, when they are.
    mark: str | None = None
    refusals: Sequence[Refusal] = field(default=())


def made(content: Content, author: str) -> bytes:
    """Make the workbook, in the reader's language.

    Raises Refused ``nobody_to_answer`` when it would be for no body at all.
    """
    if not content.answers:
        raise Refused(
            "nobody_to_answer", _("There is no body whose answer to this campaign you may enter.")
        )
    catalogue, places, bodies = _catalogue(content), _places(content), _bodies(content)
    lines = _lines(content, catalogue, places, bodies)
    name = lines_sheet()
    sheets = [lines, catalogue, places, bodies, _instructions(content)]
    return workbook(sheets, title=f"{name}{BETWEEN}{content.campaign.title}", author=author)


def extract(
    campaign: Campaign, file_name: str, rows: Iterable[tuple[int, Mapping[str, Cell]]]
) -> bytes:
    """Make the workbook of some rows of a file, each with its number there, as they were typed."""
    names, name = headings(), lines_sheet()
    del names["errors"]
    columns = [Column(_("Row"), 10, WHOLE)]
    columns += [Column(heading, *_LOOKS[key]) for key, heading in names.items()]
    said = _("Some rows of the file %(file)s, as they were typed", file=file_name)
    table = [[number, *map(typed.__getitem__, names)] for number, typed in rows]
    sheet = Sheet(name, (name, campaign.title, said), columns, table, frozen_columns=1)
    return workbook([sheet], title=f"{name}{BETWEEN}{campaign.title}", author="")


def _title(content: Content, name: str) -> tuple[str, str, str]:
    reference = _(
        "Campaign %(number)s, made on %(moment)s",
        number=content.campaign.id,
        moment=language.moment(content.made_at),
    )
    marked = f"{reference}{BETWEEN}{content.mark}" if content.mark else reference
    return name, content.campaign.title, marked


def _catalogue(content: Content) -> Sheet:
    name = _("Catalogue")
    columns = [
        Column(_("Item"), 50, is_strong=True),
        Column(_("Unit"), 14),
        Column(_("Pack of"), 10, WHOLE),
        Column(_("Indicative price, net"), 14, PRICE),
        Column(_("Specification"), 70),
    ]
    rows = [
        (
            item_label(item.code, item.designation),
            unit_label(item.unit),
            item.pack_size,
            item.indicative_price,
            item.specification,
        )
        for item in content.choices.offered
    ]
    return Sheet(name, _title(content, name), columns, rows, frozen_columns=1)


def _places(content: Content) -> Sheet:
    name = _("Delivery places")
    labels, bodies = _place_labels(content), {one.member_id: one.label for one in content.answers}
    columns = [Column(_("Delivery place"), 50, is_strong=True), Column(_("Body"), 44)]
    columns += [Column(_("Address"), 40), Column(_("Postcode"), 10), Column(_("Town"), 24)]
    rows = [
        (labels[one.id], bodies[one.member_id], one.address, one.postcode, one.city)
        for one in content.choices.sites
    ]
    return Sheet(name, _title(content, name), columns, rows, frozen_columns=1)


def _place_labels(content: Content) -> dict[int, str]:
    names = {one.member_id: one.name for one in content.answers}
    if len(names) == 1:
        return {one.id: one.name for one in content.choices.sites}
    return {one.id: place_label(one.name, names[one.member_id]) for one in content.choices.sites}


def _bodies(content: Content) -> Sheet:
    name = bodies_sheet()
    widths = (44, 12, 10, 18, 10, 50, 20)
    formats = (TEXT, TEXT, WHOLE, TEXT, WHOLE, TEXT, TEXT)
    columns = [Column(*one) for one in zip(body_headings(), widths, formats, strict=True)]
    campaign = f"{content.campaign.id}{BETWEEN}{content.campaign.title}"
    rows = [
        (
            one.label,
            str(one.need_id or _("new")),
            one.version,
            one.figure,
            len(one.lines),
            campaign,
            content.made_at.isoformat(timespec="seconds"),
        )
        for one in content.answers
    ]
    return Sheet(name, _title(content, name), columns, rows, frozen_columns=1)


def _lines(content: Content, catalogue: Sheet, places: Sheet, bodies: Sheet) -> Sheet:
    name, choices = lines_sheet(), _asked(content, catalogue, places, bodies)
    columns = [
        replace(Column(heading, *_LOOKS[key]), **choices.get(key, {}))
        for key, heading in headings().items()
    ]
    empty: list[Cell] = [None] * len(columns)
    rows = [*_refused_rows(content), *_kept_rows(content), *[empty] * _SPARE]
    return Sheet(name, _title(content, name), columns, rows, frozen_columns=3, is_open=True)


#: Width and format of each column of the lines.
_LOOKS: dict[str, tuple[int, str]] = {
    "line": (8, TEXT),
    "member": (30, TEXT),
    "item": (42, TEXT),
    "words": (34, TEXT),
    "own_unit": (12, TEXT),
    "quantity": (11, QUANTITY),
    "basis": (22, TEXT),
    "site": (28, TEXT),
    "wanted_on": (13, DATE),
    "strength": (12, TEXT),
    "paid_price": (13, PRICE),
    "paid_since": (13, DATE),
    "remark": (36, TEXT),
    "errors": (60, TEXT),
}


def _asked(
    content: Content, catalogue: Sheet, places: Sheet, bodies: Sheet
) -> dict[str, dict[str, Any]]:
    """What each column that people fill in asks for, and what it lets choose."""

    def chosen(sheet: Sheet) -> str:
        return sheet.span(1) if sheet.rows else ""

    is_firm = content.campaign.commitment is Strength.FIRM
    strengths = [Strength.FIRM] if is_firm else list(Strength)
    day = _("A date such as 21/11/2026.")
    return {
        "member": {"asks": _("Choose a body of the list."), "choices": chosen(bodies)},
        "item": {"asks": _("Choose an item of the catalogue."), "choices": chosen(catalogue)},
        "words": {"asks": _("Only for what the catalogue does not have.")},
        "own_unit": {"asks": _("Needed with your own words; an item has its own unit.")},
        "quantity": {"asks": _("A number above zero.")},
        "basis": {
            "asks": _("Choose what the quantity is for."),
            "choices": listed(str(one) for one in BASIS_LABELS.values()),
        },
        "site": {"asks": _("Choose a delivery place of the list."), "choices": chosen(places)},
        "wanted_on": {"asks": day},
        "strength": {
            "asks": _("Choose whether the quantity binds."),
            "choices": listed(str(STRENGTH_LABELS[one]) for one in strengths),
        },
        "paid_price": {"asks": _("In euros before VAT, for one unit.")},
        "paid_since": {"asks": day},
        "remark": {"asks": _("At most 500 characters.")},
    }


def _refused_rows(content: Content) -> Iterator[list[Cell]]:
    """What is to be corrected comes first, so that nobody has to look for it."""
    names = headings()
    for refusal in content.refusals:
        said = [
            _(
                "%(heading)s: %(sentences)s",
                heading=names[column],
                sentences=" ".join(sentences),
            )
            for column, sentences in refusal.faults.items()
        ]
        row = {**refusal.typed, "errors": Wrong(" ".join(said))}
        for column in refusal.faults:
            row[column] = Wrong(row[column])  # type: ignore[arg-type]  # what was typed is no formula
        # The reader's line may have gone: then what was typed is a new one.
        row["line"] = refusal.line_id
        yield [row[name] for name in names]


def _kept_rows(content: Content) -> Iterator[list[Cell]]:
    """The lines as they stand, but those that come with an error."""
    named = {one.line_id for one in content.refusals}
    items = {one.id: one for one in content.choices.items}
    labels = _place_labels(content)
    bases = {one: str(label) for one, label in BASIS_LABELS.items()}
    strengths = {one: str(label) for one, label in STRENGTH_LABELS.items()}
    for answer in content.answers:
        for line_id, line in answer.lines.items():
            if line_id in named:
                continue
            item = items.get(line.item_id or 0)
            yield [
                line_id,
                answer.label,
                item_label(item.code, item.designation) if item else None,
                line.words,
                unit_label(item.unit) if item else line.own_unit,
                line.quantity,
                bases[line.basis],
                labels.get(line.site_id),
                line.wanted_on,
                strengths[line.strength],
                line.paid_price,
                line.paid_since,
                line.remark,
                None,
            ]


def _instructions(content: Content) -> Sheet:
    name = _("How to fill in")
    rows: Iterable[str] = (
        _("One row of the sheet Needs is one line: an item, a quantity, a delivery place."),
        _("Add rows below, change what is there, delete the rows of what is no longer needed."),
        _("Leave the column Line as it is: it tells which line a row is. New rows have none."),
        _("Not in the catalogue? Leave Item empty; write your own words and your own unit."),
        _("A price paid today goes with the day since when it is paid."),
        _("Do not rename or move columns or sheets. Formulas and merged cells are not read."),
        _("Send the file back: you see what would change before anything is written."),
        _("Rows that are refused come back in this file, in red, with the reason beside them."),
    )
    columns = [Column("", 6, WHOLE), Column(_("How to fill in"), 90)]
    return Sheet(name, _title(content, name), columns, list(enumerate(rows, 1)))
