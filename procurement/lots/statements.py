"""A valuation in plain words, each rule with its article."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from flask_babel import gettext

from procurement.kernel import language
from procurement.lots.models import Project
from procurement.lots.rules.law import LegalRule, Limit, Procedure, Publicity, Small, small_rule
from procurement.lots.rules.valuing import LONGEST_MONTHS, Valuation

# flask_babel ships no types.
_: Callable[..., str] = gettext


def sentences(found: Valuation, project: Project) -> Iterator[str]:
    """Tell what a purchase is worth, how it is passed, and every rule that applied."""
    yield _value(found)
    yield _same_nature(found)
    yield _procedure(found)
    yield _publicity(found)
    yield from _small(found)
    yield from _division(found, project)
    yield from _duration(project)
    yield from _turnover(found)
    yield from _duties(found)


def small(answer: Small, found: Valuation) -> str:
    """Tell whether a lot may be passed by a lighter procedure, or why it may not."""
    if answer is Small.NEEDLESS:
        return _("The whole purchase needs no procedure.")
    limit = found.law[small_rule(found.procedure)]
    share = found.law[LegalRule.SMALL_LOT_SHARE]
    amounts = {"limit": language.euros(limit.value), "share": _percent(share.value)}
    if answer is Small.TOO_LARGE:
        return _("No: it is not below %(limit)s.", **amounts)
    if answer is Small.OVER_SHARE:
        return _("No: with it the small lots exceed %(share)s of all the lots.", **amounts)
    return _("It may: below %(limit)s, and at most %(share)s with those ticked.", **amounts)


def value(rule: LegalRule, number: Decimal | None) -> str:
    """Write a value of the table of thresholds: euros, or percent; a duty has none."""
    if number is None:
        return ""
    if rule in (LegalRule.SMALL_LOT_SHARE, LegalRule.TURNOVER):
        return _percent(number)
    return language.euros(number)


def _percent(number: Decimal | None) -> str:
    sign = "%" if language.current() == "en" else "\u00a0%"
    return language.quantity(number) + sign


def _value(found: Valuation) -> str:
    told = {"value": language.euros(found.value), "months": found.months}
    if found.options:
        return _(
            "%(value)s before VAT for all the lots over %(months)s months, renewals and options"
            " included (R2121-1, R2121-8).",
            **told,
        )
    return _(
        "%(value)s before VAT for all the lots over %(months)s months, renewals included"
        " (R2121-1, R2121-8).",
        **told,
    )


def _same_nature(found: Valuation) -> str:
    if not found.others:
        return _("No need of the same nature was found elsewhere (R2121-6).")
    at = 1 if language.current() == "en" else 0
    return _(
        "With the needs of the same nature elsewhere (%(families)s): %(value)s (R2121-6).",
        families=", ".join(labels[at] for labels in found.families),
        value=language.euros(found.nature_value),
    )


def _about(limit: Limit) -> dict[str, str]:
    return {
        "limit": language.euros(limit.value),
        "day": language.day(limit.valid_from),
        "article": limit.article,
    }


def _procedure(found: Valuation) -> str:
    formal, least = found.law[LegalRule.FORMAL], found.law[LegalRule.DISPENSE]
    if found.procedure is Procedure.FORMAL:
        return _(
            "This is at least %(limit)s (threshold of %(day)s, %(article)s): formal procedure.",
            **_about(formal),
        )
    if found.procedure is Procedure.DISPENSED:
        return _(
            "This is below %(limit)s (threshold of %(day)s, %(article)s): neither publicity nor"
            " competition is compulsory. Choose a sound offer, use public money well, and do not"
            " always buy from the same firm.",
            **_about(least),
        )
    return _(
        "This is at least %(least)s and below %(limit)s (threshold of %(day)s, %(article)s):"
        " adapted procedure (R2123-1).",
        least=language.euros(least.value),
        **_about(formal),
    )


def _publicity(found: Valuation) -> str:
    if found.publicity is Publicity.NONE:
        return _("Publicity: none is compulsory.")
    if found.publicity is Publicity.EUROPEAN:
        return _("Publicity: BOAMP and Official Journal of the European Union (R2131-16).")
    told = _about(found.law[LegalRule.PUBLICITY])
    if found.publicity is Publicity.FREE:
        return _("Publicity: freely chosen, below %(limit)s (%(article)s).", **told)
    return _("Publicity: BOAMP or a legal journal, from %(limit)s on (%(article)s).", **told)


def _small(found: Valuation) -> Iterator[str]:
    for procedure, article in ((Procedure.ADAPTED, "R2123-1 2°"), (Procedure.DISPENSED, "R2122-8")):
        numbers = [
            str(one.number) for one in found.lots if one.is_small and one.procedure is procedure
        ]
        if not numbers or found.procedure is Procedure.DISPENSED:
            continue
        told = {"lots": ", ".join(numbers), "article": article}
        if procedure is Procedure.ADAPTED:
            yield _("Small lots, by an adapted procedure: %(lots)s (%(article)s).", **told)
        else:
            yield _("Small lots, without publicity or competition: %(lots)s (%(article)s).", **told)


def _division(found: Valuation, project: Project) -> Iterator[str]:
    # A lot that gave its needs back is valued no more, and the purchase was divided all the same.
    count = max(len(found.lots), len(project.lots))
    if len(found.lots) == 1 and project.undivided_reason:
        where = (
            _("Tell the reason in the tender documents or the report (R2113-3).")
            if found.procedure is Procedure.FORMAL
            else _("Keep the reason with the documents of the purchase (R2113-2).")
        )
        yield _("It is not divided into lots, for a reason that is written here (L2113-11).")
        yield where
    elif count > 1:
        yield _("It is divided into %(count)s lots (L2113-10).", count=count)


def _duration(project: Project) -> Iterator[str]:
    if project.months <= LONGEST_MONTHS:
        yield _("It lasts at most four years, renewals included (L2125-1).")
    else:
        yield _("It lasts more than four years, for a reason that is written here (L2125-1).")


def _turnover(found: Valuation) -> Iterator[str]:
    limit = found.law.get(LegalRule.TURNOVER)
    if limit and limit.value:
        yield _(
            "The yearly turnover asked of firms is at most %(percent)s of the value of the lot"
            " (%(article)s).",
            percent=value(LegalRule.TURNOVER, limit.value),
            article=limit.article,
        )


def _duties(found: Valuation) -> Iterator[str]:
    environment, social = (found.law.get(one) for one in (_ENVIRONMENT, _SOCIAL))
    if environment:
        yield _(
            "An environmental clause and an environmental criterion are compulsory since %(day)s"
            " (%(article)s).",
            day=language.day(environment.valid_from),
            article=environment.article,
        )
    if social and found.procedure is Procedure.FORMAL:
        yield _(
            "A social clause, or the reason for having none, is compulsory since %(day)s"
            " (%(article)s).",
            day=language.day(social.valid_from),
            article=social.article,
        )


_ENVIRONMENT, _SOCIAL = LegalRule.ENVIRONMENT, LegalRule.SOCIAL
