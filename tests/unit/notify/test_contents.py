"""What is told of an event, and what the ledger keeps of it (NT-4, NT-5)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import pytest

from services.notify.sending.render import Portal, Renderer
from services.notify.tellings import contents
from services.notify.tellings.contents import CONTENTS, of_plain, own_fields, template_of
from services.notify.tellings.routing import told_by
from shared.contracts.catalogue import of_kind
from shared.contracts.contract import Contract, InMail, Kind, in_mail
from shared.contracts.envelope import Envelope
from shared.contracts.identity import Activity, PlainActivity
from tests.contract.golden import sample_path

PORTAL = Portal(
    name="Portico",
    url="https://portal.example",
    pages={},
    mail_from="p@p.example",
    mail_domain="p.example",
)
every_activity = pytest.mark.parametrize(
    "contract", of_kind(Kind.ACTIVITY), ids=lambda one: one.routing_key
)
every_plain_one = pytest.mark.parametrize(
    "contract",
    [one for one in of_kind(Kind.ACTIVITY) if issubclass(one.data, PlainActivity)],
    ids=lambda one: one.routing_key,
)
AT = "2031-03-05T09:00:00Z"
#: as releases before this one wrote them: rows stay, and are sent or read later
FILED: Mapping[str, Mapping[str, object]] = {
    "account-email-changed": {
        "occurred_at": AT,
        "new_email": "a•••@mail.example",
        "reserved_until": "2031-03-08T09:00:00Z",
    },
    "account-email-verified": {"occurred_at": AT},
    "account-enrolled": {"practice_name": "Elm Street", "link_expires_at": AT},
    "account-enrolled-taken": {},
    "account-locked": {"occurred_at": AT, "locked_until": "2031-03-05T09:20:00.5Z"},
    "account-unlocked": {
        "occurred_at": AT,
        "practice_name": "Elm Street",
        "practice_contact": "+1 555 0100",
    },
    "accounts-merged": {"occurred_at": AT},
    "email-taken": {},
    "email-verification": {"link_expires_at": AT},
    "enrolment-added": {"occurred_at": AT, "practice_name": "Elm Street"},
    "enrolment-ended": {
        "occurred_at": AT,
        "practice_name": "Elm Street",
        "practice_contact": "+1 555 0100",
    },
    "enrolment-reactivated": {"occurred_at": AT, "practice_name": "Elm Street"},
    "merge-rejected": {"occurred_at": AT, "reason": "merge_proof_stale"},
    "merge-review-refused": {"occurred_at": AT, "reason": "merge_review_rejected"},
    "merge-under-review": {"occurred_at": AT, "review_until": AT},
    "notification-address-verification": {"link_expires_at": AT},
    "password-changed": {"occurred_at": AT},
    "password-disabled": {"occurred_at": AT},
    "enrolment-request-submitted": {
        "practice_name": "Elm Street",
        "practice_contact": "+1 555 0100",
    },
    "enrolment-request-approved": {
        "practice_name": "Elm Street",
        "practice_contact": "+1 555 0100",
        "link_expires_at": AT,
    },
    "enrolment-request-rejected": {
        "practice_name": "Elm Street",
        "practice_contact": "+1 555 0100",
    },
    "patient-invited": {
        "practice_name": "Elm Street",
        "practice_contact": "+1 555 0100",
        "link_expires_at": AT,
    },
    "password-reset": {"occurred_at": AT, "route": "link"},
    "practice-communication": {"practice_name": "Elm Street", "topic": "health-record"},
    "reset-link": {"life_minutes": 60, "link_expires_at": AT},
    "account-frozen": {"occurred_at": AT, "email_put_back": True, "email_removed": False},
    "account-thawed": {
        "occurred_at": AT,
        "practice_name": "Elm Street",
        "practice_contact": "+1 555 0100",
    },
    "two-step-turned-on": {"occurred_at": AT},
    "authenticator-app-replaced": {"occurred_at": AT},
    "two-step-turned-off": {"occurred_at": AT},
    "recovery-codes-made": {"occurred_at": AT},
    "recovery-codes-low": {"occurred_at": AT},
    "second-step-locked": {"occurred_at": AT, "locked_until": AT},
    "two-step-reset": {
        "occurred_at": AT,
        "practice_name": "Elm Street",
        "practice_contact": "+1 555 0100",
    },
    "two-step-mode-changed": {"occurred_at": AT, "mode": "new-devices"},
    "passkey-made": {"occurred_at": AT},
    "passkey-removed": {"occurred_at": AT},
    "passkey-copied": {"occurred_at": AT},
    "device-trusted": {"occurred_at": AT, "trusted_until": AT},
    "device-removed": {"occurred_at": AT, "cause": "wrong-passwords"},
    "unusual-log-on": {"occurred_at": AT, "cause": "new-device"},
    "username-changed": {
        "occurred_at": AT,
        "old_username": "j•••r",
        "new_username": "j•••e",
    },
    "username-read": {
        "occurred_at": AT,
        "practice_name": "Elm Street",
        "practice_contact": "+1 555 0100",
    },
    "username-reminder": {},
    "reset-token-issued": {
        "occurred_at": AT,
        "practice_name": "Elm Street",
        "practice_contact": "+1 555 0100",
        "expires_at": AT,
    },
}
#: what a release since has added: read as its default, and written so
ADDED: Mapping[str, Mapping[str, object]] = {
    "account-locked": {"no_password": False},
    "account-unlocked": {"no_password": False},
    "password-disabled": {"no_password": False},
    "two-step-reset": {"no_password": False},
}


def as_published(contract: Contract[Any]) -> Any:
    """The golden sample's data."""
    envelope = msgspec.json.decode(sample_path(contract).read_bytes(), type=Envelope)
    return msgspec.json.decode(envelope.data, type=contract.data)


@every_activity
def test_every_activity_event_is_told_or_says_that_nobody_is(contract: Contract[Any]) -> None:
    told = told_by(as_published(contract))

    assert told.template in {template_of(kind) for kind in CONTENTS}
    assert told.content is None or type(told.content) in CONTENTS


@pytest.mark.proves("NT-4")
@every_activity
def test_the_ledger_keeps_of_an_event_neither_whom_it_is_about_nor_where_she_is_told(
    contract: Contract[Any],
) -> None:
    data = as_published(contract)

    content = told_by(data).content

    kept = contents.write(content) if content is not None else ""
    for value in (str(getattr(data, "account_id", AT)), *data.recipients, data.time_zone):
        assert value not in kept
    assert "locale" not in kept


@pytest.mark.proves("NT-4")
@every_plain_one
def test_a_plain_content_has_the_fields_that_its_contract_marks_and_no_others(
    contract: Contract[Any],
) -> None:
    data = as_published(contract)

    kept = msgspec.json.decode(contents.write(of_plain(data)))

    whole = msgspec.json.decode(msgspec.json.encode(data))
    assert kept.pop("template") == contract.name
    assert kept == {name: whole[name] for name in in_mail(contract.data)}
    assert set(kept) & set(Activity.__struct_fields__) == {"occurred_at"}


@pytest.mark.parametrize("template", FILED)
def test_what_was_filed_before_is_read_and_written_as_it_was(template: str) -> None:
    filed: dict[str, object] = {"template": template, **FILED[template]}

    content = contents.read(msgspec.json.encode(filed).decode())

    assert template_of(content) == template
    again = msgspec.json.decode(contents.write(content))
    assert {name: at(value) for name, value in again.items()} == {
        name: at(value) for name, value in {**filed, **ADDED.get(template, {})}.items()
    }


def at(value: object) -> object:
    """An instant as itself, however it is written."""
    try:
        return msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return value


def test_what_was_filed_before_covers_every_template_of_then() -> None:
    assert set(FILED) <= {template_of(kind) for kind in CONTENTS}


class Renamed(PlainActivity, frozen=True, kw_only=True):
    """A plain event with a field that was added later."""

    secret: str
    device: InMail[str | None] = None


def test_a_plain_event_s_new_field_is_empty_in_what_was_filed_before() -> None:
    kind = own_fields(Contract("identity", "renamed", Renamed, Kind.ACTIVITY))

    content = msgspec.json.decode(
        b'{"template":"renamed","occurred_at":"2031-03-05T09:00:00Z"}', type=kind
    )

    assert kind.__struct_fields__ == ("occurred_at", "device")
    variables = Renderer.of(PORTAL).variables(content, locale="en", time_zone="UTC", link=None)
    assert variables["device"] is None
