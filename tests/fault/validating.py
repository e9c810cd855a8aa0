"""Somebody without an e-mail sets a password by validation, once, while services die (RC-6); and
the account that has used it, or is about to, becomes a part of another one meanwhile (MG-5).
"""

from dataclasses import replace
from uuid import UUID

from deploy.client.answers import Answer
from deploy.client.eventually import eventually
from tests.fault import merging
from tests.fault.books import Books
from tests.fault.client import PATIENCE
from tests.fault.ledger import Mails
from tests.fault.people import Person
from tests.fault.ways_back import STREET, enrols_without_email, picked, said_of


async def has_picked_her_address(person: Person) -> None:
    """She is about to set it; what becomes of that is mailed to an address for notifications."""
    await enrols_without_email(person)
    await person.logs_on()
    await person.has_a_second_address_mailed()
    await person.verifies_it()
    await person.ledger.books.settled()
    await picks_her_address(person)


async def picks_her_address(person: Person) -> None:
    asked = await person.call("begin_validation", 200, body=said_of(person))
    proven = await person.call("answer_validation", 200, body=picked(asked.body))
    person.picked = proven.body["grant"]


async def sets_her_password(person: Person) -> None:
    """Once in the account's life; asked again, since the reply was lost, the grant is spent."""
    old, person.password = person.password, f"Copper!Lantern-{person.client.randomness.digits(4)}"
    body = {"grant": person.picked, "new_password": person.password}
    answer = await person.call("reset_password", 200, 400, body=body)
    assert answer.body == {"ends": "log-on"} or answer.code == "grant_used", answer.body
    # Besides the one that is mailed, a row says that there is no account e-mail to tell.
    person.ledger.owes(person.account_id, Mails(template="password-reset", most=2))
    ended = person.access
    await person.logs_on()
    await person.guesses_wrong(old)

    async def is_set_and_used_once(books: Books) -> None:
        [account] = await books.rows(
            "SELECT security_version, validated_at FROM identity.accounts WHERE id = $1",
            person.account_id,
        )
        assert account["security_version"] == 2, f"set {account['security_version'] - 1} times"
        assert account["validated_at"] is not None, "identity has it unused"
        done = await books.value(
            "SELECT count(*) FROM identity.audit_entries"
            " WHERE action = 'password.reset' AND outcome = 'done' AND subject = $1",
            f"account:{person.account_id}",
        )
        assert done == 1, f"done {done} times"
        heard = await books.value(
            "SELECT validated FROM recovery.accounts WHERE account_id = $1", person.account_id
        )
        assert heard, "recovery has it unused"
        asked = await person.call("begin_validation", 200, body=said_of(person))
        assert STREET not in asked.body["addresses"], "it is open to her again"
        refused = await person.call("list_deliveries", 401, token=ended)
        assert refused.code in ("unauthenticated", "token_stale")

    async def is_mailed_once(books: Books) -> None:
        rows = await books.rows(
            "SELECT address, state FROM notify.deliveries"
            " WHERE account_id = $1 AND template = 'password-reset' AND state <> 'failed'",
            person.account_id,
        )
        assert [tuple(row) for row in rows] == [(person.second_address, "sent")]

    person.ledger.promised(f"{person.username} has set it by validation", is_set_and_used_once)
    person.ledger.promised(f"{person.second_address} is told", is_mailed_once)


# ---- beside a merge


async def has_picked_it_for_both(person: Person) -> None:
    """Two accounts of hers, neither with an address; both are proven to be hers (MG-1)."""
    mark = person.client.randomness.crockford(10).lower()
    person.other = replace(person, practice=person.neighbour, mark=mark)
    for one in (person, person.other):
        await enrols_without_email(one)
    await person.logs_on()
    await person.ledger.books.settled()
    for one in (person, person.other):
        await picks_her_address(one)
    await merging.proves_both(person)


async def has_used_it_for_the_other(person: Person) -> None:
    """She has both grants, and has set a password by that of the one that goes."""
    await has_picked_it_for_both(person)
    assert person.other is not None
    assert (await sets_by(person.other)).body == {"ends": "log-on"}
    person.ledger.owes(person.other.account_id, Mails(template="password-reset", refused=True))
    await merging.proves_both(person)  # of before was the old password


async def sets_by(person: Person) -> Answer:
    """Bring the grant of the address that was picked."""
    new = f"Copper!Lantern-{person.client.randomness.digits(4)}"
    body = {"grant": person.picked, "new_password": new}
    answer = await person.call("reset_password", 200, 400, 422, body=body)
    if answer.status == 200:
        person.password = new
    return answer


async def is_absorbed_with_its_use(person: Person) -> None:
    """What the other has used is used: she had a grant for this one, and it sets nothing."""
    used_at = await used(person.other)
    assert used_at is not None
    await is_absorbed(person)

    refused = await sets_by(person)

    assert refused.code == "validation_unavailable", refused.body
    both_names_are_shut(person, used_at)


async def is_absorbed_before_its_use(person: Person) -> None:
    """What she had for the other sets nothing, what she had for this one does, once."""
    await is_absorbed(person)
    assert person.other is not None

    early = await sets_by(person.other)
    unused = await used(person)
    done = await sets_by(person)
    late = await sets_by(person.other)

    assert early.code == late.code == "grant_superseded", (early.body, late.body)
    assert unused is None
    assert done.body == {"ends": "log-on"} or done.code == "grant_used", done.body
    person.ledger.owes(person.account_id, Mails(template="password-reset", refused=True))
    both_names_are_shut(person, await used(person))


async def is_absorbed(person: Person) -> None:
    """Identity has decided so; what the others make of it is under way."""
    assert person.other is not None
    other, ended = person.other, person.other.account_id
    asked = await merging.asks_to_merge(person)
    person.merge_id = UUID(asked.body["merge_id"])
    other.survivor_id = person.account_id
    # Without an address both are told by notices, and a row says why nothing was mailed.
    person.ledger.owes(person.account_id, Mails(template="accounts-merged", refused=True))
    person.has("enrolled", "enrolled")
    other.has()

    async def is_merged() -> None:
        state = await person.ledger.books.value(
            "SELECT state FROM identity.accounts WHERE id = $1", ended
        )
        assert state == "merged"

    await eventually(is_merged, within=PATIENCE, pause=0.1)

    async def is_completed(books: Books) -> None:
        [merge] = await books.rows(
            "SELECT refusal, applied FROM merge.merges WHERE merge_id = $1", person.merge_id
        )
        assert (merge["refusal"], sorted(merge["applied"])) == (
            None,
            ["identity", "notify", "recovery"],
        )

    person.ledger.promised(f"{person.username} and its other account are one", is_completed)


async def used(person: Person | None) -> object:
    """When the account has used its one validation, by identity."""
    assert person is not None
    return await person.ledger.books.value(
        "SELECT validated_at FROM identity.accounts WHERE id = $1", person.account_id
    )


def both_names_are_shut(person: Person, used_at: object) -> None:
    """The one use stays the one that it was, here and there, by either name."""
    other = person.other
    assert other is not None

    async def is_used_once(books: Books) -> None:
        assert (await used(person), used_at is not None) == (used_at, True)
        heard = await books.value(
            "SELECT validated FROM recovery.accounts WHERE account_id = $1", person.account_id
        )
        assert heard, "recovery has it unused"
        done = await books.value(
            "SELECT count(*) FROM identity.audit_entries WHERE action = 'password.reset'"
            " AND outcome = 'done' AND detail = 'validation' AND subject = ANY ($1)",
            [f"account:{one.account_id}" for one in (person, other)],
        )
        assert done == 1, f"done {done} times"
        for one in (person, other):
            asked = await person.call("begin_validation", 200, body=said_of(one))
            assert STREET not in asked.body["addresses"], f"it is open by {one.username}"

    person.ledger.promised(f"{person.username} has it used", is_used_once)
