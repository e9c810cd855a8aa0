"""Somebody without an e-mail sets a password by validation, once, while services die (RC-6)."""

from tests.fault.books import Books
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
    asked = await person.call("begin_validation", 200, body=said_of(person))
    proven = await person.call("answer_validation", 200, body=picked(asked.body))
    person.proofs = {"validation": proven.body["grant"]}


async def sets_her_password(person: Person) -> None:
    """Once in the account's life; asked again, since the reply was lost, the grant is spent."""
    old, person.password = person.password, f"Copper!Lantern-{person.client.randomness.digits(4)}"
    body = {"grant": person.proofs["validation"], "new_password": person.password}
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
