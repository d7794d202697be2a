"""Who may do what: the table of roles, as people are shown it."""

from collections.abc import Iterator
from dataclasses import FrozenInstanceError

import pytest
from flask_babel import force_locale

from procurement.kernel.access import (
    MEMBER_ROLES,
    PERMISSION_LABELS,
    ROLE_LABELS,
    ROLE_PERMISSIONS,
    Actor,
    Audience,
    Permission,
    Role,
)
from tests.browse import tree
from tests.door import Door
from tests.people import People


def _shown_table(page: str) -> Iterator[tuple[str, list[bool]]]:
    """Read the table of the page of people: each act, and yes or no by role."""
    table = tree(page).xpath("//table")[-1]
    for row in table.xpath("tbody/tr"):
        yes = ["yes" in cell.text_content() for cell in row.xpath("td")]
        yield row.xpath("string(th)").strip(), yes


def test_the_table_is_shown_to_whoever_gives_roles(door: Door, people: People) -> None:
    shown = dict(_shown_table(door.get(people.eli, "/people").text))
    with force_locale("en"):
        told = {
            str(PERMISSION_LABELS[one]): [one in ROLE_PERMISSIONS[role] for role in Role]
            for one in Permission
        }
    assert shown == told


@pytest.mark.parametrize("role", list(Role))
def test_everyone_reads_what_their_own_role_includes(
    door: Door, people: People, role: Role
) -> None:
    everyone = (people.ada, people.alix, people.clara, people.dora, people.eli)
    person = next(one for one in everyone if one.role is role)
    items = tree(door.get(person, "/account").text).xpath("//dl//li")
    with force_locale("en"):
        told = {str(PERMISSION_LABELS[one]) for one in ROLE_PERMISSIONS[role]}
    assert {one.text_content() for one in items} == told


def test_every_role_and_permission_has_a_name_and_a_use() -> None:
    assert set(ROLE_LABELS) == set(ROLE_PERMISSIONS) == set(Role)
    assert set(PERMISSION_LABELS) == set(Permission)
    assert frozenset().union(*ROLE_PERMISSIONS.values()) == set(Permission)


def test_nobody_both_writes_and_approves() -> None:
    pairs = [
        (Permission.NEED_DECLARE, Permission.NEED_VALIDATE),
        (Permission.ORDER_PLACE, Permission.ORDER_CONFIRM),
    ]
    for writes, approves in pairs:
        assert not [role for role in MEMBER_ROLES if {writes, approves} <= ROLE_PERMISSIONS[role]]


@pytest.mark.parametrize(
    "acts, roles",
    [
        # The buyer enters needs for members too: who validates is then another buyer, as a person.
        ({Permission.NEED_DECLARE, Permission.NEED_VALIDATE}, {*MEMBER_ROLES, Role.BUYER}),
        ({Permission.NEED_ENTER}, {Role.BUYER}),
        ({Permission.ORDER_PLACE, Permission.ORDER_CONFIRM, Permission.SITE_KEEP}, MEMBER_ROLES),
        ({Permission.MANDATE_KEEP}, {Role.APPROVER}),
    ],
)
def test_acts_of_a_member_belong_to_the_member_side(
    acts: set[Permission], roles: set[Role]
) -> None:
    assert {role for role, given in ROLE_PERMISSIONS.items() if given & acts} == roles


def test_an_actor_is_asked_and_not_changed() -> None:
    ada = Actor(1, "Ada", Role.REQUESTER, 7, "Amboise-la-Petite")
    assert ada.is_member_side
    assert ada.get_id() == "1"
    assert ada.may(Audience.EVERYONE)
    assert ada.may(Permission.NEED_DECLARE)
    assert not ada.may(Permission.NEED_VALIDATE)
    with pytest.raises(FrozenInstanceError):
        ada.role = Role.BUYER  # type: ignore[misc]


def test_a_command_acts_under_its_own_name_and_has_no_role() -> None:
    command = Actor.command("flask members import")
    assert not command.is_member_side
    assert not command.may(Permission.MEMBER_READ)
    assert command.role_label == command.name == "flask members import"
