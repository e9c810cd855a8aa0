"""Keys of an older form of addresses are seen by `check`, and mended by a verb (NT-2, NT-5)."""

import argparse

import pytest

from services.notify.__main__ import PROGRAM
from shared.contracts.log_on_names import name_key
from tests.builders import events
from tests.builders.bounces import is_suppressed
from tests.builders.patients import a_patient
from tests.rigs.notify import Office

OLDER = "JUNIPER@mail.example"  # as if spellings had counted as others
ADDED = (
    "INSERT INTO notification_addresses (id, account_id, kind, address, key, added_at)"
    " SELECT gen_random_uuid(), $1, 'email', $2, $3, now() FROM generate_series(1, $4) RETURNING 1"
)


async def re_keyed(office: Office) -> None:
    (verb,) = [verb for verb in PROGRAM.verbs if verb.name == "names re-key"]
    assert await verb.run(office.plumbing, argparse.Namespace()) == 0


async def keys(office: Office) -> list[str]:
    rows = await office.rows(
        "SELECT key FROM notification_addresses UNION ALL SELECT address FROM suppressions"
    )
    return sorted(row["key"] for row in rows)


async def test_keys_of_an_older_form_are_told_and_mended(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("services.notify.addresses.stored_keys.BATCH", 2)
    account_id = (await a_patient(office)).account_id
    await office.rows(ADDED, account_id, OLDER, OLDER, 3)
    await office.rows(ADDED, account_id, events.ADDRESS, name_key(events.ADDRESS), 1)
    assert await office.checked("names") is not None
    await is_suppressed(office)
    await office.rows("UPDATE suppressions SET address = $1 RETURNING 1", OLDER)

    assert (await office.checked("names") or "").startswith("4 addresses have a key of an older")
    await re_keyed(office)

    assert capsys.readouterr().out == "4 addresses have a new key\n"
    assert await keys(office) == [name_key(events.ADDRESS)] * 5
    assert await office.checked("names") is None
    rows = await office.rows("SELECT action FROM audit_entries WHERE action = 'address.re-key'")
    assert len(rows) == 4


async def test_one_that_is_suppressed_under_both_forms_is_suppressed_once(office: Office) -> None:
    await is_suppressed(office)
    await office.rows(
        "INSERT INTO suppressions SELECT $1, since, status, delivery_id FROM suppressions"
        " RETURNING 1",
        OLDER,
    )

    await re_keyed(office)

    assert await keys(office) == [name_key(events.ADDRESS)]


@pytest.mark.proves("NT-5")
async def test_what_a_look_alike_suppressed_by_an_older_form_is_its_own_again(
    office: Office,
) -> None:
    look_alike = "\uff4auniper@mail.example"
    await is_suppressed(office, look_alike)
    await office.rows("UPDATE suppressions SET address = $1 RETURNING 1", name_key(look_alike))
    assert await keys(office) == [events.ADDRESS]

    assert await office.checked("names") is not None
    await re_keyed(office)

    assert await keys(office) == [look_alike]
    assert await office.checked("names") is None
