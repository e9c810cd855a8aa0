"""RC-1, RC-3: another digest key or an older form of names is seen by `check`, and mended."""

import asyncio
import base64

import pytest

from services.recovery.__main__ import PROGRAM
from services.recovery.projections import stored_names as module
from services.recovery.projections.features import stored_names
from shared.progress import Progress
from shared.trust.ciphers import KeyPair
from tests.rigs.recovery import Recovery, an_account, replica
from tests.support.clock import FakeClock
from tests.support.database import Database

ANOTHER = base64.b64encode(b"another key of digests, 32 bytes").decode()


async def looked_at(recovery: Recovery) -> str | None:
    (checkup,) = [one for one in PROGRAM.checkups if one.name == "names"]
    return await checkup.run(recovery.plumbing)


async def re_keyed(recovery: Recovery) -> int:
    (verb,) = [verb for verb in PROGRAM.verbs if verb.name == "names re-key"]
    assert await verb.run(recovery.plumbing, verb) == 0  # type: ignore[arg-type]
    return await stored_names(recovery.plumbing).re_key(Progress(), by=recovery.by())


@pytest.mark.proves("RC-1", "RC-3")
async def test_under_another_digest_key_nobody_is_found_until_names_are_re_keyed(
    recovery: Recovery,
    database: Database,
    clock: FakeClock,
    notify_key: KeyPair,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    people = [
        an_account(username=f"name.{n}", email=f"n{n}@mail.example" if n else None)
        for n in range(5)
    ]
    for person in people:
        await recovery.knows(person)
    assert await looked_at(recovery) is None

    async with replica(database, clock, notify_key, digest_key=ANOTHER) as changed:
        changed.told.update(recovery.told)
        await changed.ask("name.3")
        await changed.tick()
        assert await changed.mails() == []
        assert (await looked_at(changed) or "").startswith("5 rows of names are under another")

        assert await re_keyed(changed) == 0

        assert capsys.readouterr().out == "5 rows of names have new digests\n"
        assert await looked_at(changed) is None
        await changed.tick()  # what is waiting was asked for under this key
        for name in ("name.2", "N4@mail.example"):
            mail = await changed.asks_and_is_mailed(name)
            assert mail.data.recipients in {("n2@mail.example",), ("n4@mail.example",)}
        details = await changed.rows(
            "SELECT detail FROM audit_entries WHERE action = $1", "name.re-key"
        )
        assert sorted(row["detail"] for row in details) == [
            "accounts:1",
            "accounts:2",
            "accounts:2",
        ]


@pytest.mark.proves("RC-2")
async def test_notification_addresses_are_found_again_as_well(
    recovery: Recovery, database: Database, clock: FakeClock, notify_key: KeyPair
) -> None:
    account_id = await recovery.knows(an_account(email=None))
    record = await recovery.knows_record_of(account_id)
    await recovery.knows_addresses_of(account_id, "other@mail.example", "third@mail.example")
    asked = ("Other@mail.example", record.last_name, record.birth_date.isoformat())

    async with replica(database, clock, notify_key, digest_key=ANOTHER) as changed:
        await changed.ask_username(*asked)
        await changed.tick_reminders()
        assert await changed.reminders() == []
        assert (await looked_at(changed) or "").startswith("2 rows of names are under another")

        assert await stored_names(changed.plumbing).re_key(Progress(), by=changed.by()) == 2

        assert await looked_at(changed) is None
        clock.advance(seconds=10)
        await changed.tick_reminders()
        assert len(await changed.reminders()) == 1


async def test_snapshots_that_arrive_meanwhile_are_kept_with_their_own_names(
    recovery: Recovery, database: Database, clock: FakeClock, notify_key: KeyPair
) -> None:
    people = [an_account(username=f"name.{n}", email=None) for n in range(20)]
    for person in people:
        await recovery.knows(person)

    async with replica(database, clock, notify_key, digest_key=ANOTHER) as changed:
        changed.told.update(recovery.told)
        renamed = (
            changed.knows(an_account(account_id=one.account_id, username=f"new.{one.username}"))
            for one in people
        )
        await asyncio.gather(re_keyed(changed), *renamed)

        assert await looked_at(changed) is None


class Noted(Progress):
    """Keeps what a piece of work tells of itself."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def begin(self, total: int) -> None:
        self.told.append(total)

    def add(self, count: int) -> None:
        self.told.append(count)


@pytest.mark.proves("ST-3")
async def test_of_two_runs_at_once_each_account_is_changed_by_one_and_each_tells_how_far_it_is(
    recovery: Recovery,
    database: Database,
    clock: FakeClock,
    notify_key: KeyPair,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    for number in range(5):
        await recovery.knows(an_account(username=f"name.{number}"))

    async with replica(database, clock, notify_key, digest_key=ANOTHER) as changed:
        names, progresses = stored_names(changed.plumbing), (Noted(), Noted())
        counts = await asyncio.gather(*(names.re_key(one, by=changed.by()) for one in progresses))

        assert sum(counts) == 5
        assert [one.told for one in progresses] == [[5, 2, 2, 1, 0], [5, 2, 2, 1, 0]]
        assert await names.outdated() == 0
