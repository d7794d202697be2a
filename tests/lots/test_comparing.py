"""Plans of lots compared, kept and chosen."""

import json
from decimal import Decimal
from typing import Any

import pytest
from flask import url_for
from sqlalchemy import select

from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import today
from procurement.lots.models import Comparison
from procurement.lots.operations import comparing
from procurement.lots.rules import Territory
from procurement.lots.rules.questions import Scope, opened
from procurement.lots.schemas.comparing import ASKED_PLANS, CompareInput
from procurement.needs.models import CampaignState
from tests.door import refused
from tests.make import make_campaign, make_item, make_line, make_member

D = Decimal
#: What the form sends: 0.80 + 2 / √value, three bidders, no cost of a procedure.
TYPED = {
    "scope": "pool",
    "floor": "0.80",
    "scale": "2",
    "eta": "0.5",
    "elasticity_low": "0.05",
    "elasticity": "0.10",
    "elasticity_high": "0.15",
    "reference_bidders": "3",
    "cost_per_lot": "0",
}
KEPT = {**TYPED, "title": "Together or apart"}
SIX = "\n".join(f"{quantity}; {8 + 40 / quantity**0.5:.4f}" for quantity in (25, 64, 100, 400, 900))


def question(**over: str) -> Any:
    return CompareInput().load({**TYPED, **over})["question"]


def compare(ground: Any, **over: str) -> Any:
    return comparing.compare(ground.campaign, question(**over), today())


def outcomes(ground: Any, **over: str) -> dict[str, Any]:
    return {one.key: one for one in compare(ground, **over).results.outcomes}


def lots(outcome: Any) -> dict[str, str]:
    return {lot.key: f"{lot.quantity:f}" for lot in outcome.lots}


def address(ground: Any, **over: str) -> str:
    return f"/campaigns/{ground.campaign.id}/compare?" + "&".join(
        f"{name}={text}" for name, text in {**TYPED, **over}.items()
    )


@pytest.fixture
def kept(session, ground):
    made = comparing.keep(ground.campaign, "Kept", question(), actor=ground.buyer, today=today())
    session.flush()
    return made


# ------------------------------------------------------------------ the plans
def test_the_pool_is_cut_in_every_way(ground):
    found = outcomes(ground)
    assert lots(found["one"]) == {"one": "537.500"}
    # 14 cameras, 9.75 of cable and 30 tablets at 10 euros each; 44 of them in the Hauts-de-Seine.
    assert lots(found["departement"]) == {"92": "340.000", "78": "197.500"}
    assert list(lots(found["family"]).values()) == ["300.000", "237.500"]
    assert "trade" not in found
    assert "intercommunality" not in found
    assert "lots" not in found
    assert [key for key in found if key.startswith("equal-")] == [
        f"equal-{count}" for count in range(2, 9)
    ]


def test_one_item_is_compared_by_the_unit(ground):
    found = compare(ground, scope=f"item-{ground.camera.id}", floor="8", scale="40")
    assert found.inputs.name_en == "Caméra fixe"
    by_departement = {one.key: one for one in found.results.outcomes}["departement"]
    assert lots(by_departement) == {"78": "10.000", "92": "4.000"}
    assert by_departement.lots[1].price == D("28.0000")


def test_one_family_leaves_the_others_out(ground):
    found = outcomes(ground, scope=f"family-{ground.video.id}")
    assert lots(found["one"]) == {"one": "237.500"}
    assert "family" not in found


def test_the_lots_as_they_stand_hold_what_stands_in_none(session, ground):
    ground.form(ground.camera, territory=Territory.YVELINES)
    assert lots(outcomes(ground)["lots"]) == {"1": "100.000", "outside": "437.500"}


def test_intercommunalities(session, ground):
    body = make_member(session, "Communauté", kind="intercommunality", form="CC", insee_code=None)
    ground.people.first.intercommunality_id = body.id
    session.flush()
    found = outcomes(ground)["intercommunality"]
    assert [(lot.name_en, lot.quantity) for lot in found.lots] == [
        ("", 340),
        ("Communauté", D("197.5")),
    ]


def test_an_item_without_a_price_is_left_out_of_what_is_valued(session, ground):
    ground.tablet.indicative_price = None
    found = compare(ground)
    assert (found.inputs.quantity, found.inputs.unpriced) == (D("237.5"), 1)


def test_the_bidders_of_a_plan(ground):
    apart = {"plans": [{"plan": "departement", "bidders": "6"}, {"plan": "family"}]}
    found = outcomes(ground, bidders="4", **apart)
    assert (found["departement"].bidders, found["family"].bidders) == (6, 4)


def test_the_longest_address_is_one_that_servers_read(app, session, ground, door):
    """By default gunicorn reads no request line of more than 4094 characters."""
    points = "\r\n".join(f"{10**9 - 1 - one},001; {10**9 - 1 - one},0001" for one in range(60))
    with app.test_request_context():
        names = [*TYPED, "points", "bidders"]
        firms = [f"firms-{at}-{name}" for at in range(6) for name in ("turnover", "capacity")]
        plans = {f"plans-{at}-plan": key for at, key in enumerate(ASKED_PLANS)}
        expected = {f"plans-{at}-bidders": "12" for at in range(len(plans))}
        sent = dict.fromkeys([*names, *firms], "50000000") | plans | expected
        written = url_for("lots.compare", campaign_id=10**6, **{**sent, "points": points})
    assert len(f"GET {written} HTTP/1.1\r\n") < 4094


def test_prices_too_low_for_the_curve_through_them_fit_none(ground):
    tiny = {"points": "0.001; 0.0004\n0.002; 0.0002\n0.004; 0.0001"}
    assert outcomes(ground, **tiny)["one"].central > 0


def test_amounts_beyond_any_market_are_written_all_the_same(session, ground):
    ground.camera.indicative_price = D(10_000_000)
    for line in ground.lines:
        line.pool_quantity = line.quantity = D(1_000_000)
    session.flush()
    absurd = {"floor": "999999999", "elasticity_high": "1", "elasticity": "1"}
    bidders = {"reference_bidders": "1000", "bidders": "1"}
    found = outcomes(ground, **absurd, **bidders)
    assert sum(lot.cost for lot in found["departement"].lots) == found["departement"].purchases


@pytest.mark.parametrize("scope", ["item-99999", "family-99999"])
def test_nothing_to_compare(ground, scope):
    with refused("nothing_to_compare"):
        compare(ground, scope=scope)


def test_nothing_that_could_be_valued(session, ground):
    ground.tablet.indicative_price = None
    with refused("nothing_to_compare"):
        compare(ground, scope=f"family-{ground.tablet.family_id}")


def test_the_law_of_the_day_says_what_may_be_asked_of_firms(ground):
    for day, percent in (("2025-12-31", 200), ("2026-01-01", 150)):
        on = comparing.compare(ground.campaign, question(), type(today()).fromisoformat(day))
        assert on.inputs.turnover_percent == percent


# ------------------------------------------------------------------ the page
@pytest.mark.parametrize("name", ["clara", "dora"])
def test_the_page(ground, door, name):
    page = door.get(getattr(ground.people, name), f"/campaigns/{ground.campaign.id}/compare")
    assert page.status_code == 200
    assert "The bidder elasticity is an input, not an estimate" in page.text
    assert "What comes of it" not in page.text


@pytest.mark.parametrize("name", ["clara", "dora"])
def test_the_page_shows_what_comes_of_it(ground, door, name):
    page = door.get(getattr(ground.people, name), address(ground))
    assert page.status_code == 200
    for shown in ("By département", "Yvelines (78)", "The tool proposes", "537.50", "Side by side"):
        assert shown in page.text
    # Only who may form a lot keeps a comparison.
    assert ("Keep this comparison" in page.text) == (name == "clara")


def test_the_page_is_filled_in_by_an_address(ground, door):
    asked = f"/campaigns/{ground.campaign.id}/compare?scope=item-{ground.camera.id}&points=4;28"
    page = door.get(ground.people.clara, asked)
    assert page.status_code == 200
    assert f'value="item-{ground.camera.id}" selected' in page.text
    assert "4;28</textarea>" in page.text
    assert "What comes of it" not in page.text


@pytest.mark.parametrize("name", ["ada", "alix", "eli"])
def test_the_wrong_role(ground, door, kept, name):
    person = getattr(ground.people, name)
    campaign_id = ground.campaign.id
    assert door.get(person, f"/campaigns/{campaign_id}/compare").status_code == 403
    assert door.post(person, f"/campaigns/{campaign_id}/comparisons", **KEPT).status_code == 403
    assert door.get(person, f"/comparisons/{kept.id}").status_code == 403
    chosen = {"plan": "one", "reason": "Why not"}
    assert door.post(person, f"/comparisons/{kept.id}/choose", **chosen).status_code == 403


def test_finance_neither_keeps_nor_chooses(ground, door, kept):
    dora, chosen = ground.people.dora, {"plan": "one", "reason": "Why not"}
    kept_at = f"/campaigns/{ground.campaign.id}/comparisons"
    assert door.post(dora, kept_at, **KEPT).status_code == 403
    assert door.post(dora, f"/comparisons/{kept.id}/choose", **chosen).status_code == 403


def test_no_such_campaign_or_comparison(people, door):
    clara = people.clara
    assert door.get(clara, "/campaigns/999/compare").status_code == 404
    assert door.post(clara, "/campaigns/999/comparisons", **KEPT).status_code == 404
    assert door.get(clara, "/comparisons/999").status_code == 404
    chosen = {"plan": "one", "reason": "Why not"}
    assert door.post(clara, "/comparisons/999/choose", **chosen).status_code == 404


def test_an_empty_pool(session, people, door):
    campaign = make_campaign(session, CampaignState.CLOSED)
    page = door.get(people.clara, f"/campaigns/{campaign.id}/compare")
    assert "Nothing to compare yet" in page.text
    kept_at = f"/campaigns/{campaign.id}/comparisons"
    assert door.post(people.clara, kept_at, **KEPT).status_code == 409


@pytest.mark.parametrize(
    "over, field, sentence",
    [
        ({"eta": "1.5"}, "eta", "at most 1."),
        ({"eta": "-0.5"}, "eta", "At least 0."),
        ({"floor": "-1"}, "floor", "At least 0."),
        ({"scale": "many"}, "scale", "Write a number"),
        ({"floor": "0", "scale": "0"}, "scale", "The price would be zero"),
        ({"floor": ""}, "floor", "Type this part of the curve"),
        ({"elasticity": "0.3"}, "elasticity", "between the low and the high"),
        ({"elasticity_low": ""}, "elasticity_low", "This field is needed."),
        ({"reference_bidders": "0"}, "reference_bidders", "At least 1."),
        ({"cost_per_lot": "-5"}, "cost_per_lot", "At least 0."),
        ({"firms-0-capacity": "5"}, "firms-0-turnover", "This field is needed."),
        ({"firms-1-turnover": "-5"}, "firms-1-turnover", "At least 0.01."),
        ({"plans-0-plan": "departement", "plans-0-bidders": "0"}, "plans-0-bidders", "At least 1."),
        ({"scope": "all of it"}, "scope", "Choose one of the listed values."),
        ({"points": "100; 16%0Afour hundred; 13"}, "points", "Line 2 cannot be read"),
        ({"points": "100 16"}, "points", "Line 1 cannot be read"),
        ({"points": "100; 16; 3"}, "points", "Line 1 cannot be read"),
        ({"points": "0; 16"}, "points", "Line 1: the quantity must be above zero"),
        ({"points": "1; 2%0A" * 61}, "points", "At most 60 prices."),
        ({"points": "1.0001; 2"}, "points", "Line 1: the quantity has at most 3 decimals"),
        ({"points": f"1; 0.{'3' * 3000}"}, "points", "and the price at most 4."),
        ({"points": "1; 2", "eta": ""}, "points", "Fewer than 6 different quantities."),
    ],
)
def test_bad_input_gets_a_sentence_at_the_field(ground, door, over, field, sentence):
    answers = [
        door.get(ground.people.clara, address(ground, **over)),
        door.post(
            ground.people.clara,
            f"/campaigns/{ground.campaign.id}/comparisons",
            **{**KEPT, **over, "points": over.get("points", "").replace("%0A", "\n")},
        ),
    ]
    for answer in answers:
        assert answer.status_code == 422
        error = answer.text.split(f'id="{field}-error">')[1].split("</p>")[0]
        assert sentence in error
        assert "What comes of it" not in answer.text


def test_something_that_is_not_in_the_pool(ground, door):
    answer = door.get(ground.people.clara, address(ground, scope="item-99999"))
    assert answer.status_code == 409
    assert "The pool has nothing of this" in answer.text.split('id="scope-error">')[1]


def test_what_fails_in_the_observed_prices_is_said_and_the_typed_curve_is_used(ground, door):
    points = SIX.replace("\n", "%0A")
    page = door.get(ground.people.clara, address(ground, points=points)).text
    assert "Fewer than 6 different quantities." in page
    assert "The curve is the one that was typed" in page


def test_a_fitted_curve_is_held_beyond_what_was_observed(ground, door):
    points = SIX.replace("\n", "%0A") + "%0A4; 28"
    page = door.get(ground.people.clara, address(ground, points=points)).text
    assert "The curve is fitted to the observed prices: floor 8.00" in page
    assert "beyond twice the largest" not in page
    near = "%0A".join(f"{one}; {8 + 40 / one**0.5:.4f}" for one in (1, 2, 4, 9, 16, 25))
    page = door.get(ground.people.clara, address(ground, points=near)).text
    assert "beyond twice the largest that was observed, 25" in page
    # Nothing is said, and nothing drawn, of what lies farther.
    assert "It says that twice this quantity" not in page
    assert ">50</text>" in page


def test_three_prices_are_said_to_be_an_assumption(ground, door):
    page = door.get(
        ground.people.clara,
        address(ground, points="100; 16%0A400; 13%0A1 600; 11,5", floor="", scale="", eta=""),
    ).text
    assert "floor 10.00, scale 60.00, exponent 0.50" in page
    assert "Three prices are an assumption" in page


def test_a_curve_without_floor_is_warned_of(ground, door):
    assert (
        "This curve has no floor" in door.get(ground.people.clara, address(ground, floor="0")).text
    )


def test_firms_are_counted(ground, door):
    asked = address(ground, **{"firms-0-turnover": "300", "firms-1-turnover": "1 000 000"})
    page = door.get(ground.people.clara, asked).text
    assert "Firms that can bid" in page
    assert "is open to the most firms of the sizes given" in page
    assert "150 % of the yearly value" in page


# ------------------------------------------------------------------ kept
def test_a_comparison_is_kept(session, ground, door):
    sent = {**KEPT, "points": SIX, "plans-0-plan": "departement", "plans-0-bidders": "5"}
    answer = door.post(ground.people.clara, f"/campaigns/{ground.campaign.id}/comparisons", **sent)
    made = session.scalars(select(Comparison)).one()
    assert answer.location.endswith(f"/comparisons/{made.id}")
    inputs = opened(made.inputs)
    assert inputs["question"]["bidders"] == {"departement": D(5)}
    assert inputs["quantity"] == D("537.5")
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.verb, json.loads(entry.changes)["title"]) == (
        "lots.keep_comparison",
        "Together or apart",
    )
    assert "Together or apart" in door.get(ground.people.dora, answer.location).text


def test_what_was_typed_is_shown_again_without_a_title(ground, door):
    answer = door.post(ground.people.clara, f"/campaigns/{ground.campaign.id}/comparisons", **TYPED)
    assert answer.status_code == 422
    assert "This field is needed." in answer.text.split('id="title-error">')[1]
    # The figures stay beside the form that keeps them.
    assert "Side by side" in answer.text


def test_what_was_kept_is_shown_as_it_was(session, ground, door, kept):
    shown = f"/comparisons/{kept.id}"
    before = door.get(ground.people.clara, shown).text
    assert "are still those that were compared" in before
    extra = make_line(session, ground.first_need, make_item(session), 1000)
    after = door.get(ground.people.clara, shown).text
    assert "The pool has changed since" in after
    assert extra.pool_item_id is not None
    for page in (before, after):
        assert "537.50" in page
        assert "10,537.50" not in page


def test_a_price_that_changes_later_moves_nothing(session, ground, door, kept):
    ground.tablet.indicative_price = D(99)
    page = door.get(ground.people.clara, f"/comparisons/{kept.id}").text
    assert "537.50" in page
    assert "are still those that were compared" in page


def test_the_same_is_asked_again(ground, door, kept):
    page = door.get(ground.people.clara, f"/comparisons/{kept.id}").text
    again = page.split("Compare again with the pool of today")[0].rsplit('href="', 1)[1]
    answer = door.get(ground.people.clara, again.split('"')[0].replace("&amp;", "&"))
    assert answer.status_code == 200
    assert "537.50" in answer.text


def test_the_exact_numbers_come_back(ground, kept):
    again = comparing.compare(ground.campaign, question(), today())
    first = opened(kept.results)["outcomes"][1]
    assert first["central"] == again.results.outcomes[1].central
    assert first["lots"][0]["price"] == again.results.outcomes[1].lots[0].price


# ------------------------------------------------------------------ chosen
def choose(door, ground, kept, **typed):
    return door.post(ground.people.clara, f"/comparisons/{kept.id}/choose", **typed)


def test_a_plan_is_chosen(session, ground, door, kept):
    answer = choose(door, ground, kept, plan="departement", reason="Small firms near the schools.")
    assert answer.status_code == 302
    session.refresh(kept)
    assert (kept.chosen, kept.chosen_on) == ("departement", today())
    assert kept.chosen_by_id == ground.people.clara.id
    page = door.get(ground.people.clara, f"/comparisons/{kept.id}").text
    assert "Small firms near the schools." in page
    proposed = f"/campaigns/{ground.campaign.id}/lots/propose?cut=whole&amp;spread=apart"
    assert f'href="{proposed}"' in page
    assert "Form these lots" not in door.get(ground.people.dora, f"/comparisons/{kept.id}").text


def test_a_plan_is_chosen_anew_with_a_new_reason(session, ground, door, kept):
    choose(door, ground, kept, plan="departement", reason="First.")
    assert choose(door, ground, kept, plan="one", reason="First.").status_code == 409
    assert choose(door, ground, kept, plan="one", reason="Second.").status_code == 302
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry.verb == "lots.choose_plan"
    assert json.loads(entry.changes)["plan"] == ["departement", "one"]


def test_equal_lots_are_formed_by_hand(ground, door, kept):
    choose(door, ground, kept, plan="equal-2", reason="Two sites.")
    page = door.get(ground.people.clara, f"/comparisons/{kept.id}").text
    assert f'href="/campaigns/{ground.campaign.id}/pool">Form these lots' in page


@pytest.mark.parametrize(
    "typed, status",
    [
        ({"plan": "trade", "reason": "Why not"}, 409),
        ({"plan": "departement"}, 422),
        ({"reason": "Why not"}, 422),
        ({"plan": "one", "reason": "x" * 1001}, 422),
    ],
)
def test_a_choice_that_is_not_one(session, ground, door, kept, typed, status):
    assert choose(door, ground, kept, **typed).status_code == status
    session.refresh(kept)
    assert kept.chosen is None


def test_as_many_queries_for_three_items_as_for_thirty(
    session, ground, sign_in, count_queries, kept
):
    asked, client = address(ground), sign_in(ground.people.clara)
    session.commit()
    for page in (asked, f"/comparisons/{kept.id}"):
        client.get(page)
        with count_queries() as few:
            assert client.get(page).status_code == 200
        for _item in range(30):
            make_line(session, ground.first_need, make_item(session), 3)
        session.commit()
        with count_queries() as many:
            assert client.get(page).status_code == 200
        assert len(many) == len(few)


@pytest.mark.parametrize("text", ["", "pool-1", "family", "item-0", "item-1x", "lot-3"])
def test_what_names_no_scope(text):
    with pytest.raises(ValueError, match=rf"^{text}$"):
        Scope.read(text)


@pytest.mark.parametrize("text", ["pool", "family-3", "item-17"])
def test_a_scope_is_written_as_it_is_read(text):
    assert str(Scope.read(text)) == text
