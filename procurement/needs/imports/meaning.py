"""What the rows of a workbook mean: bodies, lines, items, places, and the values beside them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import force_locale
from flask_babel import lazy_gettext as _
from marshmallow import ValidationError

from procurement.catalogue.models import UNIT_LABELS, Unit
from procurement.catalogue.rules import unit_named
from procurement.config import DEFAULTS
from procurement.kernel import intake
from procurement.kernel.intake import Cell
from procurement.needs import layout
from procurement.needs.imports.columns import Faults, check_rows, loaded, mapped
from procurement.needs.imports.reading import Sent, siren_of
from procurement.needs.models import BASIS_LABELS, STRENGTH_LABELS, Strength
from procurement.needs.queries import Answer, Choices, Written
from procurement.needs.schemas import LineInput, WordedInput

_FIELDS = ("quantity", "basis", "strength", "wanted_on", "paid_price", "paid_since", "remark")


@dataclass
class Typed:
    """The rows of a workbook as what they mean, position by position; wrong ones in ``faults``."""

    answers: list[Answer | None]
    lines: list[int | None]
    #: In the order of the fields of Written, one list for each.
    columns: list[list[Any]]
    faults: Faults = field(default_factory=dict)
    #: The same, one tuple for each row.
    values: list[tuple[Any, ...]] = field(init=False)

    def __post_init__(self) -> None:
        """Stand the columns in rows."""
        self.values = list(zip(*self.columns, strict=True))

    def column(self, name: str) -> list[Any]:
        """Give a column by the name of its field."""
        return self.columns[Written._fields.index(name)]


def understood(file: Sent, answers: Iterable[Answer], choices: Choices, is_firm: bool) -> Typed:
    """Turn the rows of a workbook into what they mean, among what they may name."""
    faults: Faults = {}
    columns, by_siren = file.columns, {one.siren: one for one in answers}
    owners = mapped(columns["member"], _body_reader(file, by_siren), "member", faults)
    items = mapped(columns["item"], _item_reader(choices), "item", faults)
    item_units = {one.id: one.unit for one in choices.items}
    read = _fields(columns, is_firm, faults)
    sites = _sites(owners, columns["site"], choices, by_siren, faults)
    read["own_unit"] = _units(items, read["words"], read["own_unit"], item_units, faults)
    read |= {"item_id": items, "site_id": sites}
    lines = mapped(columns["line"], _line_id, "line", faults)
    return Typed(owners, lines, [read[name] for name in Written._fields], faults)


def _fields(
    columns: Mapping[str, Sequence[Cell]], is_firm: bool, faults: Faults
) -> dict[str, list[Any]]:
    worded, chosen = WordedInput(), {name: columns[name] for name in _FIELDS}
    strengths = _words(STRENGTH_LABELS)
    chosen["basis"] = mapped(columns["basis"], _chooser(_words(BASIS_LABELS)), "basis", faults)
    chosen["strength"] = mapped(columns["strength"], _chooser(strengths), "strength", faults)
    read = loaded(worded, chosen, faults)
    for name in ("words", "own_unit"):
        load = worded.fields[name].deserialize
        read[name] = mapped(
            columns[name], lambda text, load=load: load(text) if text else None, name, faults
        )
    if is_firm:
        _bind(read["strength"], columns["strength"], faults)
    pairs = zip(read["paid_price"], read["paid_since"], strict=True)
    doubtful = [row for row, pair in enumerate(pairs) if (pair[0] is None) != (pair[1] is None)]
    check_rows(LineInput(), chosen, doubtful, faults, site_id=1)
    return read


def _words(labels: Mapping[Any, object]) -> dict[str, str]:
    """Give the value of each word of a list, in every language, as people may write it."""
    found: dict[str, str] = {}
    for locale in DEFAULTS["LANGUAGES"]:
        with force_locale(locale):
            found |= {_folded(str(label)): word.value for word, label in labels.items()}
    return found


def _folded(text: str) -> str:
    """Write a word as it is compared: whatever its spaces and its capitals."""
    return " ".join(text.split()).casefold()


def _chooser(words: Mapping[str, str]) -> Any:
    return lambda text: words.get(_folded(text), text)


def _bind(strengths: list[Any], typed: Sequence[Cell], faults: Faults) -> None:
    for row, strength in enumerate(strengths):
        if strength is Strength.INDICATIVE and intake.text_of(typed[row]).strip():
            sentence = str(_("This campaign is firm: every quantity binds."))
            faults.setdefault(row, {})["strength"] = [sentence]
        strengths[row] = Strength.FIRM


def _body_reader(file: Sent, answers: Mapping[str, Answer]) -> Any:
    def read(text: str) -> Answer:
        siren = siren_of(text) if text else ""
        if not text and len(file.bodies) == 1:
            siren = next(iter(file.bodies))
        if not siren:
            raise ValidationError([_("Choose the body that this line is for.")])
        if siren not in file.bodies:
            raise ValidationError([_("This file was not made for this body.")])
        if siren not in answers:
            raise ValidationError([_("You may not answer this campaign for this body.")])
        return answers[siren]

    return read


def _item_reader(choices: Choices) -> Any:
    by_code: dict[str, int] = {one.code.casefold(): one.id for one in choices.items}

    def read(text: str) -> int | None:
        if not text:
            return None
        found = by_code.get(text.partition(layout.BETWEEN)[0].strip().casefold())
        if found is None:
            raise ValidationError([_("This item is not in the catalogue of this campaign.")])
        return found

    return read


def _line_id(text: str) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    raise ValidationError([_("This is not the number of a line. New lines have none.")])


def _sites(
    owners: Sequence[Answer | None],
    typed: Sequence[Cell],
    choices: Choices,
    answers: Mapping[str, Answer],
    faults: Faults,
) -> list[int | None]:
    names = {one.member_id: one.name for one in answers.values()}
    known: dict[tuple[int, str], int] = {}
    for one in choices.sites:
        label = layout.place_label(one.name, names[one.member_id])
        known |= {(one.member_id, text): one.id for text in (label, one.name)}
    # Two places may differ by a capital alone: as it is written comes first.
    for (member_id, text), site_id in list(known.items()):
        known.setdefault((member_id, _folded(text)), site_id)
    pairs = [
        (owner.member_id, cell) if owner else None
        for owner, cell in zip(owners, typed, strict=True)
    ]
    found: dict[tuple[int, Cell], int | None] = {}
    for owner_id, cell in {pair for pair in pairs if pair}:
        text = intake.text_of(cell).strip()
        found[owner_id, cell] = known.get((owner_id, text)) or known.get((owner_id, _folded(text)))
    if None in found.values():
        for row, pair in enumerate(pairs):
            if pair and found[pair] is None:
                sentence = _("Choose one of the delivery places of this body.")
                faults.setdefault(row, {})["site"] = [str(sentence)]
    return [found[pair] if pair else None for pair in pairs]


def _units(
    items: Sequence[int | None],
    words: Sequence[str | None],
    units: Sequence[str | None],
    item_units: Mapping[int, Unit],
    faults: Faults,
) -> list[str | None]:
    """Check item, words and unit against each other; give the units of free lines alone."""
    triples = [
        (item, text is not None, unit) for item, text, unit in zip(items, words, units, strict=True)
    ]
    wrong = {one: fault for one in set(triples) if (fault := _mismatch(*one, item_units))}
    if wrong:
        for row, triple in enumerate(triples):
            column, sentence = wrong.get(triple, ("", ""))
            # An item or words that are wrong by themselves are said to be so already.
            if column and not faults.get(row, {}).keys() & {"item", "words", "own_unit"}:
                faults.setdefault(row, {})[column] = [str(sentence)]
    return [unit if is_free else None for _item, is_free, unit in triples]


def _mismatch(
    item: int | None, is_free: bool, unit: str | None, item_units: Mapping[int, Unit]
) -> tuple[str, object] | None:
    if item is None and not is_free:
        return "item", _(
            "Choose an item of the catalogue, or write what you need in your own words."
        )
    if item is None:
        return None if unit else ("own_unit", _("Write by which unit you count."))
    if is_free:
        return "words", _("Leave this empty with an item of the catalogue, or take the item away.")
    if unit is None or _is_unit(unit, item_units[item]):
        return None
    own = UNIT_LABELS[item_units[item]]
    return "own_unit", _("This item is counted by the unit “%(unit)s”.", unit=own)


def _is_unit(text: str, unit: Unit) -> bool:
    return text.casefold() == str(UNIT_LABELS[unit]).casefold() or unit_named(text) == unit
