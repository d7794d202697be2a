"""Who may do what: roles, permissions, the one table between them, and the person acting now."""

from dataclasses import dataclass
from enum import StrEnum

from flask_babel import lazy_gettext as _


class Role(StrEnum):
    """What a person does here. The first two act for a member, the others for the centrale."""

    REQUESTER = "requester"
    APPROVER = "approver"
    BUYER = "buyer"
    FINANCE = "finance"
    ADMINISTRATOR = "administrator"


ROLE_LABELS = {
    Role.REQUESTER: _("Requester"),
    Role.APPROVER: _("Approver"),
    Role.BUYER: _("Buyer"),
    Role.FINANCE: _("Finance"),
    Role.ADMINISTRATOR: _("Administrator"),
}

MEMBER_ROLES = frozenset({Role.REQUESTER, Role.APPROVER})


class Audience(StrEnum):
    """The two answers to *who may call this?* that need no role."""

    EVERYONE = "everyone"
    SIGNED_IN = "signed in"


class Permission(StrEnum):
    """One act, or one family of pages, that a role may be given."""

    MEMBER_READ = "member:read"
    SITE_KEEP = "site:keep"
    PERSON_KEEP = "person:keep"
    MANDATE_KEEP = "mandate:keep"
    MEMBER_MERGE = "member:merge"
    CENTRAL_BODY_KEEP = "central_body:keep"
    JOURNAL_READ = "journal:read"
    CATALOGUE_READ = "catalogue:read"
    CATALOGUE_KEEP = "catalogue:keep"
    CAMPAIGN_READ = "campaign:read"
    CAMPAIGN_RUN = "campaign:run"
    NEED_READ = "need:read"
    NEED_DECLARE = "need:declare"
    NEED_VALIDATE = "need:validate"
    NEED_OBJECT = "need:object"
    NEED_ENTER = "need:enter"
    NEED_HARMONISE = "need:harmonise"
    BOARD_READ = "board:read"
    POOL_READ = "pool:read"
    LOT_READ = "lot:read"
    LOT_FORM = "lot:form"
    TENDER_READ = "tender:read"
    TENDER_RUN = "tender:run"
    AGREEMENT_READ = "agreement:read"
    AGREEMENT_RUN = "agreement:run"
    ORDER_READ = "order:read"
    ORDER_PLACE = "order:place"
    ORDER_CONFIRM = "order:confirm"
    SAVING_READ = "saving:read"
    SAVING_TERRITORY = "saving:territory"


PERMISSION_LABELS = {
    Permission.MEMBER_READ: _("Read members"),
    Permission.SITE_KEEP: _("Keep delivery places"),
    Permission.PERSON_KEEP: _("Keep people and their roles"),
    Permission.MANDATE_KEEP: _("Mandate another body to declare needs"),
    Permission.MEMBER_MERGE: _("Record mergers of communes"),
    Permission.CENTRAL_BODY_KEEP: _("Describe the centrale"),
    Permission.JOURNAL_READ: _("Read the journal"),
    Permission.CATALOGUE_READ: _("Read the catalogue"),
    Permission.CATALOGUE_KEEP: _("Keep the items of the catalogue"),
    Permission.CAMPAIGN_READ: _("Read campaigns"),
    Permission.CAMPAIGN_RUN: _("Run campaigns"),
    Permission.NEED_READ: _("Read needs"),
    Permission.NEED_DECLARE: _("Declare needs"),
    Permission.NEED_VALIDATE: _("Validate needs"),
    Permission.NEED_OBJECT: _("Object to a need that was entered for one's body"),
    Permission.NEED_ENTER: _("Enter needs for members"),
    Permission.NEED_HARMONISE: _("Harmonise what members wrote in their own words"),
    Permission.BOARD_READ: _("Read who has answered"),
    Permission.POOL_READ: _("Read pooled needs"),
    Permission.LOT_READ: _("Read lots"),
    Permission.LOT_FORM: _("Form and freeze lots"),
    Permission.TENDER_READ: _("Read tenders and offers"),
    Permission.TENDER_RUN: _("Run tenders and award them"),
    Permission.AGREEMENT_READ: _("Read agreements"),
    Permission.AGREEMENT_RUN: _("Draft and notify agreements"),
    Permission.ORDER_READ: _("Read orders"),
    Permission.ORDER_PLACE: _("Place orders"),
    Permission.ORDER_CONFIRM: _("Confirm orders"),
    Permission.SAVING_READ: _("Read savings"),
    Permission.SAVING_TERRITORY: _("Read the savings of the whole territory"),
}

_EVERY_ROLE = {
    Permission.MEMBER_READ,
    Permission.CATALOGUE_READ,
    Permission.CAMPAIGN_READ,
    Permission.AGREEMENT_READ,
}
_MEMBER_SIDE = _EVERY_ROLE | {
    Permission.SITE_KEEP,
    Permission.NEED_READ,
    Permission.NEED_OBJECT,
    Permission.LOT_READ,
    Permission.ORDER_READ,
    Permission.SAVING_READ,
}
_CENTRAL_SIDE = _EVERY_ROLE | {
    Permission.NEED_READ,
    Permission.BOARD_READ,
    Permission.POOL_READ,
    Permission.LOT_READ,
    Permission.TENDER_READ,
    Permission.ORDER_READ,
    Permission.SAVING_READ,
    Permission.SAVING_TERRITORY,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.REQUESTER: frozenset(
        _MEMBER_SIDE | {Permission.NEED_DECLARE, Permission.ORDER_PLACE},
    ),
    Role.APPROVER: frozenset(
        _MEMBER_SIDE
        | {Permission.NEED_VALIDATE, Permission.MANDATE_KEEP, Permission.ORDER_CONFIRM},
    ),
    Role.BUYER: frozenset(
        _CENTRAL_SIDE
        | {
            Permission.CATALOGUE_KEEP,
            Permission.CAMPAIGN_RUN,
            Permission.NEED_DECLARE,
            Permission.NEED_VALIDATE,
            Permission.NEED_ENTER,
            Permission.NEED_HARMONISE,
            Permission.LOT_FORM,
            Permission.TENDER_RUN,
            Permission.AGREEMENT_RUN,
        },
    ),
    Role.FINANCE: frozenset(_CENTRAL_SIDE),
    Role.ADMINISTRATOR: frozenset(
        _EVERY_ROLE
        | {
            Permission.MEMBER_MERGE,
            Permission.PERSON_KEEP,
            Permission.CENTRAL_BODY_KEEP,
            Permission.JOURNAL_READ,
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """The person acting now, as plain values: usable in a request, a command or a test.

    ``person_id`` and ``role`` are None for a command, which acts under its own name.
    """

    person_id: int | None
    name: str
    role: Role | None
    member_id: int | None = None
    member_name: str | None = None

    # Flask-Login asks its user these four questions.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Name the person in the signed cookie."""
        return str(self.person_id)

    @classmethod
    def command(cls, name: str) -> "Actor":
        """Build the actor of a command line, named in the journal after it."""
        return cls(None, name, None)

    @property
    def is_member_side(self) -> bool:
        """Tell whether the person acts for one member, and sees only that one."""
        return self.role in MEMBER_ROLES

    @property
    def role_label(self) -> object:
        """The role in the reader's language."""
        return ROLE_LABELS[self.role] if self.role else self.name

    def may(self, allow: Permission | Audience) -> bool:
        """Answer *may this role?*, the first of the three questions of a request."""
        if isinstance(allow, Audience):
            return True
        return self.role is not None and allow in ROLE_PERMISSIONS[self.role]
