"""What comes in: fields with sentences people understand, and the form that is shown again."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from procurement.kernel import language, money

#: Fields of every form that belong to the pipeline, not to a schema.
_OURS = {"csrf_token"}
_NESTED = re.compile(r"^([a-z_]+)-(\d{1,4})-([a-z_]+)$")
_LINE_END = re.compile("\r\n?")
_MISSING = {
    "required": _("This field is needed."),
    "null": _("This field is needed."),
    "validator_failed": _("This value is not accepted."),
}
#: No form of the platform has more lines than this; a longer one is not typed by a person.
LONGEST = 2000


class Input(Schema):
    """A form, a row or a request body: shape only, unknown fields refused."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": _("This field is not expected here.")}

    def handle_error(self, error: ValidationError, data: Any, **_options: Any) -> None:
        """Write the sentences in the reader's language, as the lists that everybody expects.

        A field's own lazy sentence is to marshmallow neither a text nor a list, and is lost.
        """
        error.messages = _sentences(messages_of(error))


def messages_of(error: ValidationError) -> dict[str, Any]:
    """Give the sentences of an error by field."""
    messages: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]  # marshmallow leaves it bare
    return messages


def _sentences(messages: Any) -> Any:
    if isinstance(messages, Mapping):
        return {name: _sentences(inner) for name, inner in messages.items()}
    return [str(one) for one in messages] if isinstance(messages, list) else [str(messages)]


class Text(fields.String):
    """Words, trimmed. ``most`` counts characters, each line break as one."""

    default_error_messages = {
        **_MISSING,
        "invalid": _("This is not text."),
    }

    def __init__(self, most: int = 200, **options: Any) -> None:
        too_long = _("At most %(most)s characters.", most=most)
        super().__init__(validate=validate.Length(max=most, error=too_long), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        # A NUL byte is legal in a form and in no PostgreSQL text.
        if isinstance(text, str) and "\x00" in text:
            raise self.make_error("invalid")
        # Browsers end lines with two characters and spreadsheets with one: the text is the same.
        return _LINE_END.sub("\n", text).strip() if isinstance(text, str) else text


class Number(fields.Field[Decimal]):
    """A decimal as people type it. ``least`` is included; more decimals than ``places`` refuse."""

    default_error_messages = {
        **_MISSING,
        "invalid": _("Write a number such as 1 234,56."),
        "low": _("At least %(least)s."),
        "high": _("This is too large: at most %(most)s."),
        "places": _("At most %(places)s decimals."),
    }

    def __init__(
        self, places: int, *, least: Decimal, most: Decimal = money.LARGEST, **options: Any
    ) -> None:
        super().__init__(**options)
        self.places, self.least, self.most = places, least, most

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Decimal:
        try:
            number = money.parsed(str(value))
        except ValueError:
            raise self.make_error("invalid") from None
        bounds = {
            "least": language.typed(self.least),
            "most": language.typed(self.most),
            "places": self.places,
        }
        for fault, found in (
            ("low", number < self.least),
            ("high", number > self.most),
            ("places", money.places_of(number) > self.places),
        ):
            if found:
                raise ValidationError([str(self.error_messages[fault]) % bounds])
        return number


def quantity(**options: Any) -> Number:
    """A quantity: above zero, at most a million, 3 decimals."""
    return Number(money.QUANTITY_PLACES, least=Decimal("0.001"), most=Decimal(1_000_000), **options)


def unit_price(**options: Any) -> Number:
    """A unit price net of VAT in euros: zero or more, at most 10 million, 4 decimals."""
    return Number(money.PRICE_PLACES, least=Decimal(0), most=Decimal(10_000_000), **options)


def amount(**options: Any) -> Number:
    """An amount in euros above zero, to the cent."""
    return Number(money.AMOUNT_PLACES, least=Decimal("0.01"), **options)


class Day(fields.Date):
    """A date, as browsers send it (2026-11-21) or as people type it (21/11/2026)."""

    default_error_messages = {
        **_MISSING,
        "invalid": _("Write a date such as 21/11/2026."),
        "format": _("Write a date such as 21/11/2026."),
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        typed = re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", str(value).strip())
        if typed:
            value = f"{typed[3]}-{int(typed[2]):02}-{int(typed[1]):02}"
        day = super()._deserialize(value, attr, data, **options)
        if not 1990 <= day.year <= 2100:
            raise self.make_error("invalid")
        return day


class Whole(fields.Integer):
    """A whole number, or the id of a row: never larger than the database's own."""

    default_error_messages = {
        **_MISSING,
        "invalid": _("Write a whole number."),
        "too_large": _("Write a whole number."),
    }

    def __init__(self, least: int = 1, most: int = 2**31 - 1, **options: Any) -> None:
        bounds = _("A whole number from %(least)s to %(most)s.", least=least, most=most)
        super().__init__(
            strict=True,
            validate=validate.Range(least, most, error=bounds),
            **options,
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        # Forms and files send digits as text, which the strict field takes for no number.
        if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,18}", value.strip(), re.ASCII):
            value = int(value)
        return super()._deserialize(value, attr, data, **options)


def choice(words: Any, **options: Any) -> fields.Enum[Any]:
    """One word of a StrEnum, by its value."""
    field = fields.Enum(words, by_value=True, **options)
    field.error_messages |= {**_MISSING, "unknown": _("Choose one of the listed values.")}
    return field


def read(typed: Mapping[str, str]) -> dict[str, Any]:
    """Turn the flat fields of a form into what a schema loads.

    Empty text means *not given*. ``lines-0-quantity`` becomes ``lines[0]["quantity"]``; a line
    whose fields are all empty keeps its place, so that its errors stand where it was typed.
    """
    values: dict[str, Any] = {}
    for name, text in typed.items():
        if name in _OURS:
            continue
        nested = _NESTED.match(name)
        if nested:
            rows = values.setdefault(nested[1], [])
            if not isinstance(rows, list):
                raise ValidationError({nested[1]: [Input.error_messages["unknown"]]})
            position = int(nested[2])
            if position >= LONGEST:
                raise ValidationError({nested[1]: [_("This form has too many lines.")]})
            rows.extend({} for _missing in range(len(rows), position + 1))
            if text.strip():
                rows[position][nested[3]] = text
        elif text.strip():
            values[name] = text
    return values


class Form:
    """What was typed, what is wrong with it, and where: the state of a form to be shown."""

    def __init__(
        self,
        values: Mapping[str, object] | None = None,
        errors: object = None,
        refusal: object = None,
    ) -> None:
        self._values = values or {}
        self.errors: dict[str, list[str]] = {}
        self.refusal = refusal
        self._collect("", errors or {})

    def _collect(self, prefix: str, errors: object) -> None:
        if isinstance(errors, Mapping):
            for name, inner in errors.items():
                self._collect(f"{prefix}-{name}" if prefix else str(name), inner)
        elif isinstance(errors, list):
            self.errors[prefix] = [str(one) for one in errors]

    def value(self, name: str) -> object:
        """What to show in the field: what was typed, else what is known, else nothing."""
        found = self._values.get(name)
        if isinstance(found, Decimal):
            return language.typed(found)
        return "" if found is None else found

    def error(self, name: str) -> list[str]:
        """The sentences of one field."""
        return self.errors.get(name, [])
