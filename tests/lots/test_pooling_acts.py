"""What the buyer decides of the pool: lines left out and put back, items merged and parted."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from procurement.catalogue.models import Unit
from procurement.kernel.access import Actor
from procurement.kernel.audit import AuditEntry
from procurement.kernel.errors import Forbidden
from procurement.kernel.pipeline import today
from procurement.lots import operations, queries
from procurement.lots.rules import units_each
from procurement.needs import operations as needs
from procurement.needs.models import (
    CampaignState,
    Equivalence,
    NeedLine,
    NeedState,
    Omission,
)
from procurement.needs.queries import harmonising
from procurement.orders import queries as orders
from tests.door import refused
from tests.make import make_campaign, make_item, make_line, make_need, make_person

D = Decimal


def on(ground):
    return {"actor": ground.buyer, "today": today()}


def leave_out(session, ground, line, reason="Hors du champ"):
    operations.leave_out(line, reason, **on(ground))
    session.flush()
    session.expire_all()


def merge(session, ground, item, into, each=1, reason="La même chose"):
    operations.merge(ground.campaign, item, into, D(str(each)), reason, **on(ground))
    session.flush()
    session.expire_all()


def totals(session, ground):
    session.expire_all()
    return {one.item.code: one.quantity for one in queries.pool(ground.campaign.id)}


@pytest.fixture
def box(session, ground):
    """Boxes of twelve cameras: three for the first member, at what 12 cameras cost."""
    item = make_item(
        session, ground.video, code="VID-009", designation="Boîte de 12 caméras", unit=Unit.BOX
    )
    price = {"paid_price": D(1200), "paid_since": today()}
    make_line(session, ground.first_need, item, 3, **price)
    return item


def line_of(session, item):
    return session.scalars(select(NeedLine).where(NeedLine.item_id == item.id)).one()


# ------------------------------------------------------------------ left out


def test_a_line_left_out_is_not_pooled_and_keeps_its_reason(session, ground):
    leave_out(session, ground, ground.lines[0], "Déjà commandé")
    line = ground.lines[0]
    assert (line.is_pooled, line.pool_item_id, line.pool_quantity) == (False, None, None)
    assert (line.item_id, line.quantity, line.is_validated) == (ground.camera.id, 10, True)
    assert totals(session, ground)["VID-001"] == 4
    omission = session.scalars(select(Omission)).one()
    assert (omission.reason, omission.person_id) == ("Déjà commandé", ground.buyer.person_id)
    assert ground.form(ground.camera).lines[0].item_id == ground.camera.id
    assert line.allotted == 0


def test_a_line_put_back_is_pooled_as_before(session, ground):
    leave_out(session, ground, ground.lines[0])
    operations.put_back(ground.lines[0], "Pas commandé en fait", **on(ground))
    assert totals(session, ground)["VID-001"] == 14
    assert session.scalars(select(Omission)).all() == []


def test_both_acts_are_in_the_journal_with_their_reasons(session, ground, door):
    line = ground.lines[0]
    for act, reason in (("leave-out", "Trop cher"), ("put-back", "Accord de l'élu")):
        door.post(ground.people.clara, f"/need-lines/{line.id}/{act}", reason=reason)
    acts = [(one.verb, one.actor_name, one.reason) for one in queries.acts_on(line)]
    assert acts == [
        ("lots.put_back", "Clara", "Accord de l'élu"),
        ("lots.leave_out", "Clara", "Trop cher"),
    ]
    page = door.get(ground.people.clara, f"/need-lines/{line.id}/pool").text
    assert "Trop cher" in page
    assert "Accord de l&#39;élu" in page


def test_what_a_lot_took_stays(session, ground):
    ground.form(ground.camera)
    session.flush()
    session.expire_all()
    with refused("already_allotted"):
        leave_out(session, ground, ground.lines[0])


def test_what_is_not_pooled_cannot_be_left_out(session, ground):
    leave_out(session, ground, ground.lines[0])
    with refused("not_pooled"):
        leave_out(session, ground, ground.lines[0])
    waiting = make_need(session, ground.campaign, make_person(session), NeedState.SUBMITTED)
    with refused("not_pooled"):
        leave_out(session, ground, make_line(session, waiting, ground.camera, 5))


def test_only_what_was_left_out_is_put_back(ground):
    with refused("not_left_out"):
        operations.put_back(ground.lines[0], "Non", **on(ground))


@pytest.mark.parametrize("change", [{"item_id": None}, {"is_validated": False}])
def test_what_could_not_be_pooled_stays_left_out(session, ground, door, change):
    own = {"words": "Caméras", "own_unit": "pièce", "units_each": D(1)}
    line = make_line(session, ground.first_need, ground.camera, 1, **own)
    leave_out(session, ground, line)
    change = change | ({"units_each": None} if "item_id" in change else {})
    session.execute(update(NeedLine).where(NeedLine.id == line.id).values(**change))
    session.commit()
    answer = door.post(ground.people.clara, f"/need-lines/{line.id}/put-back", reason="Utile")
    assert answer.status_code == 409
    assert "not validated, or names no item" in answer.text
    assert session.scalars(select(Omission)).one().need_line_id == line.id


MOMENTS = pytest.mark.parametrize(
    "state,last_day",
    [(CampaignState.OPEN, 1), (CampaignState.POOLED, -1), (CampaignState.ARCHIVED, -1)],
)


@MOMENTS
def test_the_wrong_moment_is_refused(session, ground, box, state, last_day):
    ground.campaign.state = state
    ground.campaign.closes_on = today() + timedelta(days=last_day)
    line = ground.lines[0]
    for act in (
        lambda: operations.leave_out(line, "R", **on(ground)),
        lambda: operations.put_back(line, "R", **on(ground)),
        lambda: operations.merge(ground.campaign, box, ground.camera, D(12), "R", **on(ground)),
        lambda: operations.unmerge(ground.campaign, box, **on(ground)),
    ):
        with refused("campaign_not_closed"):
            act()


def test_a_command_decides_nothing(ground, box):
    asked = {"actor": Actor.command("flask x"), "today": today()}
    with pytest.raises(Forbidden):
        operations.leave_out(ground.lines[0], "R", **asked)
    with pytest.raises(Forbidden):
        operations.merge(ground.campaign, box, ground.camera, D(12), "R", **asked)


def test_a_need_validated_again_leaves_its_line_out(session, ground):
    leave_out(session, ground, ground.lines[0])
    needs.pooling.enter(NeedLine.id == ground.lines[0].id)
    assert totals(session, ground)["VID-001"] == 4


# -------------------------------------------------------------------- merged


def test_a_merged_item_counts_in_the_unit_of_the_other(session, ground, box):
    merge(session, ground, box, ground.camera, 12)
    assert totals(session, ground) == {"VID-001": 14 + 36, "VID-002": D("9.75"), "EDU-001": 30}
    line = line_of(session, box)
    # What the member asked for stays.
    assert (line.quantity, line.pool_quantity, line.pool_item_id) == (3, 36, ground.camera.id)


def test_taken_back_it_counts_as_itself(session, ground, box):
    before = totals(session, ground)
    merge(session, ground, box, ground.camera, 12)
    operations.unmerge(ground.campaign, box, **on(ground))
    session.flush()
    assert totals(session, ground) == before
    assert session.scalars(select(Equivalence)).all() == []


def test_one_lot_takes_both(session, ground, box):
    merge(session, ground, box, ground.camera, 12)
    lot = ground.form(ground.camera)
    session.flush()
    session.expire_all()
    assert [line.item_id for line in lot.lines] == [ground.camera.id]
    assert line_of(session, box).allotted == 36


def test_a_line_left_out_comes_back_as_the_merged_item(session, ground, box):
    leave_out(session, ground, line_of(session, box))
    merge(session, ground, box, ground.camera, 12)
    assert queries.omission_counts(ground.campaign.id) == {ground.camera.id: 1}
    operations.put_back(line_of(session, box), "Finalement", **on(ground))
    assert totals(session, ground)["VID-001"] == 14 + 36


def test_a_late_validation_follows_the_merge(session, ground, box):
    merge(session, ground, box, ground.camera, 12)
    late = make_need(
        session, ground.campaign, make_person(session), NeedState.VALIDATED, ground.people.alix
    )
    line = make_line(session, late, box, 2, is_pooled=False)
    needs.pooling.enter(NeedLine.id == line.id)
    assert totals(session, ground)["VID-001"] == 14 + 36 + 24


def test_nothing_of_another_campaign_is_merged(session, ground, box):
    other = make_campaign(session, CampaignState.CLOSED)
    need = make_need(session, other, ground.people.ada, NeedState.VALIDATED, ground.people.alix)
    line = make_line(session, need, box, 2)
    merge(session, ground, box, ground.camera, 12)
    assert line.pool_item_id == box.id


def test_what_a_lot_took_is_neither_merged_nor_parted(session, ground, box):
    ground.form(box)
    session.flush()
    with refused("already_allotted"):
        merge(session, ground, box, ground.camera, 12)
    merge(session, ground, ground.tablet, ground.camera)
    ground.form(ground.camera)
    session.flush()
    with refused("already_allotted"):
        operations.unmerge(ground.campaign, ground.tablet, **on(ground))


def test_a_lot_of_the_target_alone_keeps_nobody_from_parting(session, ground, box):
    ground.form(ground.camera)
    session.flush()
    merge(session, ground, box, ground.camera, 12)
    operations.unmerge(ground.campaign, box, **on(ground))
    assert totals(session, ground)["VID-009"] == 3


def test_merges_make_no_chain(session, ground, box):
    merge(session, ground, box, ground.camera, 12)
    with refused("already_merged"):
        merge(session, ground, box, ground.tablet)
    with refused("target_merged"):
        merge(session, ground, ground.tablet, box)
    with refused("others_merged"):
        merge(session, ground, ground.camera, ground.tablet)
    with refused("same_item"):
        merge(session, ground, ground.tablet, ground.tablet)
    with refused("not_merged"):
        operations.unmerge(ground.campaign, ground.tablet, **on(ground))


@pytest.mark.parametrize(
    "quantity,each,code",
    [
        ("2.5", "0.5", None),
        ("2.501", "0.5", "too_many_decimals"),
        ("0.001", "0.001", "too_many_decimals"),
        ("1", "0.083", None),
        ("100000000", "1", None),
        ("100000000", "1.001", "too_much"),
        ("1000000", "10000", "too_much"),
    ],
)
def test_a_converted_quantity_must_be_possible(session, ground, quantity, each, code):
    item = make_item(session)
    make_line(session, ground.first_need, item, quantity)
    if code is None:
        merge(session, ground, item, ground.tablet, each)
        assert totals(session, ground)["EDU-001"] == 30 + D(quantity) * D(each)
    else:
        with refused(code):
            merge(session, ground, item, ground.tablet, each)


def test_the_price_paid_follows_the_unit(session, ground, box):
    merge(session, ground, box, ground.camera, 12)
    lot = ground.form(ground.camera)
    session.flush()
    session.expire_all()
    line = line_of(session, box)
    known = orders.own_prices(ground.people.first.id, line.site_id, [lot.lines[0].id])
    # 1200 € a box of twelve: 100 € a camera.
    assert known == {lot.lines[0].id: (line.id, D(100))}


def test_what_was_harmonised_and_merged_is_all_in_lots_or_not(session, ground, box):
    own = {"words": "Boîtes de caméras", "own_unit": "boîte", "units_each": D(1)}
    make_line(session, ground.first_need, box, 1, **own)
    merge(session, ground, box, ground.camera, 12)
    [understood] = harmonising.understood(ground.campaign)
    assert (understood.asked.lines, understood.asked.untaken) == (1, 1)
    ground.form(ground.camera)
    [understood] = harmonising.understood(ground.campaign)
    assert (understood.asked.lines, understood.asked.untaken) == (1, 0)


@pytest.mark.parametrize(
    "unit,designation,into,each",
    [
        ("piece", "Caméra", "piece", 1),
        ("year", "Licence", "month", 12),
        ("month", "Licence", "year", None),
        ("box", "Boîte de 12 caméras", "piece", 12),
        ("set", "Lot de 3 câbles", "piece", 3),
        ("box", "Bobine de 305 m", "metre", 305),
        ("pack", "Box of 10 pens", "piece", 10),
        ("set", "Écran de 24 pouces", "piece", None),
        ("box", "Boîte de 2,5 kg", "piece", None),
        ("box", "Carton de 5 boîtes de 20", "piece", None),
        ("box", "Boîte de 0 vis", "piece", None),
        ("piece", "Lot de 3 câbles", "box", None),
        ("hour", "Formation", "day", None),
    ],
)
def test_units_that_nobody_has_to_say(unit, designation, into, each):
    assert units_each(unit, designation, into) == each


QUANTITIES = st.integers(1, 5_000_000).map(lambda one: D(one).scaleb(-3))


@given(QUANTITIES, st.integers(1, 10_000_000).map(lambda one: D(one).scaleb(-3)))
def test_a_conversion_is_exact_or_refused(quantity, each):
    """What the merge checks in thousandths is what decimals say."""
    thousandths = int(quantity * 1000) * int(each * 1000)
    exact = quantity * each
    assert (thousandths % 1000 == 0) == (exact == exact.quantize(D("0.001")))


# -------------------------------------------------------------- suggested


def test_items_that_resemble_each_other_are_suggested(session, ground):
    twin = make_item(session, ground.video, code="VID-010", designation="Caméras fixes")
    elsewhere = make_item(session, code="AUT-001", designation="Caméra fixe")
    for item, quantity in ((twin, 3), (elsewhere, 2)):
        make_line(session, ground.first_need, item, quantity)
    [pair] = queries.suggestions(ground.campaign.id)
    # The one that less is asked of is merged into the other.
    assert (pair.item.code, pair.into.code, pair.units_each) == ("VID-010", "VID-001", 1)
    assert (pair.quantity, pair.into_quantity) == (3, 14)
    merge(session, ground, twin, ground.camera)
    assert queries.suggestions(ground.campaign.id) == []


def test_another_figure_is_another_thing(session, ground):
    for code, size in (("VID-011", 10), ("VID-012", 12)):
        item = make_item(session, ground.video, code=code, designation=f"Écran {size} pouces")
        make_line(session, ground.first_need, item, 1)
    assert queries.suggestions(ground.campaign.id) == []


def test_a_suggestion_goes_the_way_that_can_be_counted(session, ground):
    yearly = make_item(
        session, ground.video, code="VID-013", designation="Abonnement 4G", unit=Unit.YEAR
    )
    monthly = make_item(
        session, ground.video, code="VID-014", designation="Abonnements 4G", unit=Unit.MONTH
    )
    make_line(session, ground.first_need, yearly, 50)
    make_line(session, ground.first_need, monthly, 2)
    [pair] = queries.suggestions(ground.campaign.id)
    assert (pair.item.code, pair.into.code, pair.units_each) == ("VID-013", "VID-014", 12)


def test_what_a_lot_took_is_suggested_as_what_the_other_becomes(session, ground, door):
    twin = make_item(session, ground.video, code="VID-010", designation="Caméras fixes")
    make_line(session, ground.first_need, twin, 3)
    ground.form(twin)
    [pair] = queries.suggestions(ground.campaign.id)
    assert (pair.item.code, pair.into.code, pair.is_in_lots) == ("VID-001", "VID-010", False)
    ground.form(ground.camera)
    session.commit()
    [pair] = queries.suggestions(ground.campaign.id)
    assert (pair.item.code, pair.into.code, pair.is_in_lots) == ("VID-010", "VID-001", True)
    # Nobody fills in a form that would be refused.
    shown = door.get(ground.people.clara, f"/campaigns/{ground.campaign.id}/pool/merges").text
    assert "Both are in lots" in shown
    assert "/merge" not in shown.partition("<main")[2].replace("/merges", "")
    address = f"/campaigns/{ground.campaign.id}/pool/{twin.id}"
    assert "Pool as another item" not in door.get(ground.people.clara, address).text


# ------------------------------------------------------------------ by the page


def merge_address(ground, item):
    return f"/campaigns/{ground.campaign.id}/pool/{item.id}/merge"


def test_by_the_page(session, ground, box, door):
    clara, line = ground.people.clara, ground.lines[0]
    answer = door.post(clara, f"/need-lines/{line.id}/leave-out", reason="Doublon")
    assert answer.status_code == 302
    assert answer.location == f"/campaigns/{ground.campaign.id}/pool/{ground.camera.id}"
    page = door.get(clara, answer.location).text
    assert "Doublon" in page
    assert "Put back" in page
    assert door.post(clara, f"/need-lines/{line.id}/put-back", reason="Non").status_code == 302
    form = door.get(clara, f"{merge_address(ground, box)}?into={ground.camera.id}").text
    assert "checked" in form
    assert "VID-001" in form
    fields = {"into_item_id": ground.camera.id, "units_each": "12", "reason": "Par boîtes"}
    answer = door.post(clara, merge_address(ground, box), **fields)
    assert answer.location == f"/campaigns/{ground.campaign.id}/pool/{ground.camera.id}"
    assert totals(session, ground)["VID-001"] == 50
    merges = f"/campaigns/{ground.campaign.id}/pool/merges"
    page = door.get(clara, merges).text
    assert "Par boîtes" in page
    answer = door.post(clara, f"/campaigns/{ground.campaign.id}/pool/unmerge", item_id=box.id)
    assert answer.location == merges
    assert totals(session, ground)["VID-009"] == 3
    verbs = session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)).all()
    assert verbs == ["lots.leave_out", "lots.put_back", "lots.merge", "lots.unmerge"]


def acts(ground, item):
    line, campaign = ground.lines[0], ground.campaign
    merged = {"into_item_id": ground.camera.id, "units_each": "1", "reason": "R"}
    return {
        f"/need-lines/{line.id}/leave-out": {"reason": "R"},
        f"/need-lines/{line.id}/put-back": {"reason": "R"},
        f"/campaigns/{campaign.id}/pool/{item.id}/merge": merged,
        f"/campaigns/{campaign.id}/pool/unmerge": {"item_id": item.id},
    }


@pytest.mark.parametrize("name", ["ada", "alix", "dora", "eli"])
def test_the_wrong_role_is_forbidden(ground, box, door, name):
    person = getattr(ground.people, name)
    for address, fields in acts(ground, box).items():
        assert door.post(person, address, **fields).status_code == 403
    form = door.get(person, merge_address(ground, box))
    assert form.status_code == 403


def test_what_is_not_there_is_not_found(session, ground, box, door):
    clara = ground.people.clara
    merged = {"into_item_id": ground.camera.id, "units_each": "1", "reason": "R"}
    reason = {"reason": "R"}
    draft = make_need(session, ground.campaign, make_person(session))
    hidden = make_line(session, draft, ground.camera).id
    for address, fields in {
        "/need-lines/99999/leave-out": reason,
        f"/need-lines/{hidden}/leave-out": reason,
        "/need-lines/99999/put-back": reason,
        f"/campaigns/99999/pool/{box.id}/merge": merged,
        f"/campaigns/{ground.campaign.id}/pool/99999/merge": merged,
        merge_address(ground, box): {**merged, "into_item_id": 99999},
        "/campaigns/99999/pool/unmerge": {"item_id": box.id},
        f"/campaigns/{ground.campaign.id}/pool/unmerge": {"item_id": 99999},
    }.items():
        assert door.post(clara, address, **fields).status_code == 404, address
    for address in (
        merge_address(ground, box).replace(str(box.id), "99999"),
        f"/campaigns/99999/pool/{box.id}/merge",
        f"/need-lines/{hidden}/pool",
    ):
        assert door.get(clara, address).status_code == 404, address


def test_the_wrong_moment_shows_the_form_again(session, ground, box, door):
    ground.campaign.state = CampaignState.POOLED
    session.flush()
    before = totals(session, ground)
    for address, fields in acts(ground, box).items():
        answer = door.post(ground.people.clara, address, **fields)
        assert answer.status_code == 409
        assert "The pool is worked on between the end" in answer.text
    assert totals(session, ground) == before


@pytest.mark.parametrize(
    "fields,sentence",
    [
        ({"units_each": "1", "reason": "R"}, "This field is needed."),
        ({"into_item_id": 1, "units_each": "1"}, "This field is needed."),
        ({"into_item_id": 1, "reason": "R"}, "This field is needed."),
        ({"into_item_id": 1, "units_each": "0", "reason": "R"}, "At least 0.001."),
        ({"into_item_id": 1, "units_each": "10001", "reason": "R"}, "at most 10000"),
        ({"into_item_id": 1, "units_each": "0.0001", "reason": "R"}, "At least 0.001."),
        ({"into_item_id": 1, "units_each": "1.0001", "reason": "R"}, "At most 3 decimals."),
        ({"into_item_id": 1, "units_each": "1", "reason": "R" * 501}, "At most 500 characters."),
        ({"into_item_id": "x", "units_each": "1", "reason": "R"}, "Write a whole number."),
    ],
)
def test_bad_input_is_told_at_its_place(session, ground, box, door, fields, sentence):
    answer = door.post(ground.people.clara, merge_address(ground, box), **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert session.scalars(select(Equivalence)).all() == []


@pytest.mark.parametrize("act", ["leave-out", "put-back"])
def test_an_act_on_a_line_needs_its_reason(session, ground, door, act):
    if act == "put-back":
        leave_out(session, ground, ground.lines[0])
    address = f"/need-lines/{ground.lines[0].id}/{act}"
    for fields, sentence in (
        ({"reason": " "}, "This field is needed."),
        ({"reason": "R" * 501}, "At most 500 characters."),
    ):
        answer = door.post(ground.people.clara, address, **fields)
        assert answer.status_code == 422
        assert sentence in answer.text


def test_a_refused_merge_keeps_what_was_typed(ground, box, door):
    fields = {"into_item_id": ground.tablet.id, "units_each": "0,0005", "reason": "Je crois"}
    answer = door.post(ground.people.clara, merge_address(ground, box), **fields)
    assert answer.status_code == 422
    assert "Je crois" in answer.text
    assert f'value="{ground.tablet.id}" required checked' in answer.text
    assert 'value="0,0005"' in answer.text


def test_another_item_is_found_by_its_words(ground, box, door):
    answer = door.get(ground.people.clara, f"{merge_address(ground, box)}?find=tablette")
    assert "EDU-001" in answer.text
    assert "VID-001" not in answer.text


def test_one_who_only_reads_sees_no_act(session, ground, door):
    leave_out(session, ground, ground.lines[0])
    merge(session, ground, ground.tablet, ground.camera)
    campaign, dora = ground.campaign, ground.people.dora
    for address in (
        f"/campaigns/{campaign.id}/pool/{ground.camera.id}",
        f"/campaigns/{campaign.id}/pool/left-out",
        f"/campaigns/{campaign.id}/pool/merges",
        f"/need-lines/{ground.lines[0].id}/pool",
    ):
        page = door.get(dora, address)
        assert page.status_code == 200
        assert 'method="post"' not in page.text.replace("/sign-out", "").split("<main")[1]
        assert "Put back<" not in page.text
