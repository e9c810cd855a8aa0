"""What recovery makes of identity's snapshots."""

import msgspec

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
