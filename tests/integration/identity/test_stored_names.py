"""ID-4, ID-6: keys of an older form are found by `check` and brought along by `names re-key`."""

import asyncio

import pytest

from services.identity.__main__ import PROGRAM
from services.identity.emails.features import stored_names
from shared.progress import Progress
from tests.builders.practices import Postman
from tests.integration.identity.test_emails import REQUESTED, claim, session, verify
from tests.integration.identity.test_operator_verbs import run
from tests.rigs.identity import Identity, Person

pytestmark = pytest.mark.proves("ID-4")

LETTERS, FORMER, LABEL = "ann@bücher.example", "ann@bücher.example", "ann@xn--bcher-kva.example"


async def of_older_form(identity: Identity, person: Person, former: str = FORMER) -> None:
    """Let the account's address have the key that an earlier release gave it."""
    await identity.rows(
        "WITH a AS (UPDATE account_emails SET address_key = $2 WHERE account_id = $1), "
        "v AS (UPDATE one_time_secrets SET sent_to = $2 WHERE owner = $1) "
        "UPDATE log_on_names SET name_key = $2 WHERE account_id = $1 AND kind = 'email'",
        person.id,
        former,
    )


async def looked_at(identity: Identity) -> str | None:
    (checkup,) = [one for one in PROGRAM.checkups if one.name == "names"]
    return await checkup.run(identity.plumbing)


async def test_who_verified_a_domain_in_letters_under_an_older_key_logs_on_by_both_spellings_again(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    person = await identity.an_account(email=LETTERS)
    await identity.an_account(email="ben@mail.example")
    assert await looked_at(identity) is None
    await of_older_form(identity, person)
    assert (await identity.log_on(LETTERS)).status == 401
    assert (await looked_at(identity) or "").startswith("1 addresses have a key of an older form")
    capsys.readouterr()
    since = "SELECT created_at FROM log_on_names WHERE account_id = $1 AND kind = 'email'"
    before = await identity.rows(since, person.id)

    assert await run(identity, "names", "re-key") == 0

    assert capsys.readouterr().out == "1 addresses have a new key\n"
    assert await identity.rows(since, person.id) == before  # a freeze asks for it
    assert [(await identity.log_on(name)).status for name in (LETTERS, LABEL)] == [201, 201]
    keys = await identity.rows("SELECT name_key FROM log_on_names WHERE kind = 'email'")
    assert {row["name_key"] for row in keys} == {LABEL, "ben@mail.example"}
    assert await looked_at(identity) is None
    [row] = await identity.rows(
        "SELECT actor, subject, outcome FROM audit_entries WHERE action = 'name.re-key'"
    )
    assert tuple(row) == ("operator", f"account:{person.id}", "done")
    assert await run(identity, "names", "re-key") == 0
    assert capsys.readouterr().out == "0 addresses have a new key\n"


async def test_two_accounts_of_one_mailbox_are_named_by_their_ids_and_left(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    first = await identity.an_account(email=LETTERS)
    await of_older_form(identity, first)
    second = await identity.an_account(email=LABEL)
    third = await identity.an_account(email="cara@faß.example")
    await of_older_form(identity, third, "cara@fass.example")

    assert await run(identity, "names", "re-key") == 1

    told = capsys.readouterr()
    assert told.out == "1 addresses have a new key\n"
    assert told.err == (
        f"account {first.id} keeps its former key: account {second.id} has the name\n"
    )
    [holder] = await identity.rows("SELECT account_id FROM log_on_names WHERE name_key = $1", LABEL)
    assert holder["account_id"] == second.id
    assert (await identity.log_on("cara@xn--fa-hia.example")).status == 201
    [kept] = await identity.rows(
        "SELECT address_key, name_key FROM account_emails JOIN log_on_names USING (account_id) "
        "WHERE account_id = $1 AND kind = 'email'",
        first.id,
    )
    assert tuple(kept) == (FORMER, FORMER)


@pytest.mark.proves("ID-6")
async def test_a_link_mailed_under_an_older_key_verifies_under_the_new_one(
    identity: Identity, postman: Postman, capsys: pytest.CaptureFixture[str]
) -> None:
    person = await identity.an_account()
    token = await session(identity, person)
    await claim(identity, token, LETTERS)
    [link] = await postman.tokens(REQUESTED)
    await of_older_form(identity, person)

    assert await run(identity, "names", "re-key") == 0

    assert (await verify(identity, token, link)).status == 200
    assert (await identity.log_on(LABEL)).status == 201


async def test_of_parallel_runs_each_address_is_changed_by_one(identity: Identity) -> None:
    people = [await identity.an_account(email=f"p{n}@bücher.example") for n in range(8)]
    for number, person in enumerate(people):
        await of_older_form(identity, person, f"p{number}@bücher.example")
    names = stored_names(identity.plumbing)

    runs = await asyncio.gather(
        *(names.re_key(Progress(), by=identity.operator()) for _ in range(4))
    )

    assert sum(count for count, _ in runs) == len(people)
    assert {collisions for _, collisions in runs} == {()}
    assert await names.outdated() == 0
