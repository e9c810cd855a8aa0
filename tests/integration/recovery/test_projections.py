"""What recovery makes of identity's snapshots."""

import msgspec

from tests.builders import events
from tests.rigs.recovery import Recovery, a_practice, an_account


async def test_an_account_is_found_by_its_newest_names_only(recovery: Recovery) -> None:
    account = an_account(username="maiden.name", email="old@mail.example")
    await recovery.knows(account)
    await recovery.knows(
        an_account(account_id=account.account_id, username="married.name", email="new@mail.example")
    )

    for name in ("maiden.name", "old@mail.example"):
        await recovery.ask(name)
    await recovery.tick()
    by_old_names = await recovery.mails()
    mail = await recovery.asks_and_is_mailed("married.name")

    assert by_old_names == []
    assert mail.data.recipients == ("new@mail.example",)


async def test_a_practice_told_by_a_release_without_a_record_of_settings_is_kept(
    recovery: Recovery,
) -> None:
    await recovery.knows_practice(msgspec.structs.replace(a_practice(minutes=45), settings=None))

    [row] = await recovery.rows("SELECT settings ->> 'reset_link_minutes' FROM practices")
    assert tuple(row) == ("45",)


async def test_who_somebody_is_is_kept_of_who_has_an_account_and_of_nobody_else(
    recovery: Recovery,
) -> None:
    """Nobody is matched without one: that the record is its practice's is all that is read."""
    record = await recovery.knows_record_of(None)
    nobodys = await recovery.rows(
        "SELECT num_nonnulls(last_name, first_name, birth_date, home_phone, address) FROM persons"
    )
    enrolled = msgspec.structs.replace(record, account_id=events.new_account())
    await recovery.knows_person(enrolled, version=2)

    [row] = await recovery.rows(
        "SELECT last_name, first_name, birth_date, home_phone, address FROM persons"
    )
    assert [tuple(each) for each in nobodys] == [(0,)]
    assert tuple(row) == (
        record.last_name,
        record.first_name,
        record.birth_date,
        record.home_phone,
        record.address,
    )
