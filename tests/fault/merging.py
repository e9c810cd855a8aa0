"""A person with two accounts, who has them merged (MG-1 to MG-6, MG-9)."""

import asyncio
from dataclasses import replace
from uuid import UUID

from deploy.client.answers import Answer
from deploy.client.eventually import eventually
from deploy.tour.acts import AT_THE_DESK
from tests.fault.books import Books
from tests.fault.client import Practice
from tests.fault.ledger import Mails
from tests.fault.people import Person


async def has_two_accounts(person: Person) -> None:
    """Both verified, each of a practice of its own, and both proven to be hers (MG-1)."""
    await has_another_account(person, born=person.birth_date)


async def has_two_names(person: Person) -> None:
    """Both proven, but not of one person by what the practices know (MG-2)."""
    await has_another_account(person, born="1961-09-30")


async def has_another_account(person: Person, *, born: str) -> None:
    person.other = replace(
        person,
        practice=person.neighbour,
        mark=person.client.randomness.crockford(10).lower(),
        birth_date=born,
    )
    await asyncio.gather(person.is_ready(), person.other.is_ready())
    await proves_both(person)


async def proves_both(person: Person) -> None:
    """MG-1, SE-3: a proof whose reply was lost is had again."""
    assert person.other is not None
    body = {"password": person.password, "verb": "merge"}
    mine = await person.call("reauthenticate", 200, token=person.access, body=body)
    body = {"name": person.other.username, "password": person.other.password}
    owned = await person.call("prove_ownership", 200, token=person.access, body=body)
    person.proofs = {"reauthenticated": mine.body["grant"], "owned": owned.body["grant"]}


async def merges(person: Person) -> None:
    """MG-4, MG-9: completed by all four services, whatever becomes of any of them."""
    answer = await asks_to_merge(person)
    await becomes_one(person, UUID(answer.body["merge_id"]))


async def becomes_one(person: Person, merge_id: UUID) -> None:
    """All that a merge promises; it is under way."""
    assert person.other is not None
    absorbed = person.other.account_id
    person.other.survivor_id = person.account_id
    person.ledger.owes(person.account_id, Mails(template="accounts-merged", least=2, most=2))

    async def are_one(books: Books) -> None:
        [merge] = await books.rows(
            "SELECT * FROM merge.merges WHERE $1 IN (survivor_id, absorbed_id)", absorbed
        )
        assert (merge["merge_id"], merge["refusal"]) == (merge_id, None)
        assert sorted(merge["applied"]) == ["identity", "notify", "recovery"]
        [account] = await books.rows("SELECT * FROM identity.accounts WHERE id = $1", absorbed)
        assert (account["state"], account["merged_into"]) == ("merged", person.account_id)
        for service, table in (("recovery", "merges"), ("notify", "merged_accounts")):
            survivors = await books.rows(
                f"SELECT survivor_id, merge_id FROM {service}.{table}"  # noqa: S608
                " WHERE absorbed_id = $1",
                absorbed,
            )
            assert [tuple(row) for row in survivors] == [(person.account_id, merge_id)], service
        await person.logs_on()  # the practices that came along void the token of before
        read = await person.call(
            "read_merge", 200, token=person.access, path={"merge_id": merge_id}
        )
        assert read.body["state"] == "completed", read.body

    person.ledger.promised(f"{person.username} and its other account are one", are_one)
    person.has("enrolled", "enrolled")
    person.other.has()
    is_told_at_both_addresses(person, person.other)


async def goes_to_review(person: Person) -> None:
    """MG-2, MG-6: accepted, and both are told that practices decide."""
    assert person.other is not None
    answer = await asks_to_merge(person)
    assert answer.body["state"] == "under-review", answer.body
    person.merge_id = UUID(answer.body["merge_id"])
    for one in (person, person.other):
        one.ledger.owes(one.account_id, Mails(template="merge-under-review"))
        one.has("enrolled")

    async def is_kept(books: Books) -> None:
        [row] = await books.rows(
            "SELECT proven_at FROM identity.merge_reviews WHERE merge_id = $1", person.merge_id
        )
        assert row["proven_at"] is not None

    person.ledger.promised(f"what {person.username} has proven is kept", is_kept)


async def is_under_review(person: Person) -> None:
    await has_two_names(person)
    await goes_to_review(person)


async def is_approved(person: Person) -> None:
    """By a practice of each; who comes again, since the reply was lost, hears what is done."""
    assert person.other is not None
    for practice in (person.practice, person.other.practice):
        await decides(person, practice, "approve", "merge_review_approved")
    await becomes_one(person, person.merge_id)


async def is_rejected(person: Person) -> None:
    """By the other one's practice; both are told (MG-6)."""
    assert person.other is not None
    await decides(person, person.other.practice, "reject")
    for one in (person, person.other):
        one.ledger.owes(one.account_id, Mails(template="merge-review-refused"))

    async def are_two(books: Books) -> None:
        [merge] = await books.rows(
            "SELECT refusal, under_review FROM merge.merges WHERE merge_id = $1", person.merge_id
        )
        assert tuple(merge) == ("merge_review_rejected", False)
        states = await books.rows(
            "SELECT state FROM identity.accounts WHERE id IN ($1, $2)",
            person.account_id,
            person.other.account_id if person.other else None,
        )
        assert [row["state"] for row in states] == ["active", "active"]

    person.ledger.promised(f"{person.username} keeps two accounts", are_two)


async def decides(person: Person, practice: Practice, what: str, *told: str) -> None:
    answer = await person.client.insist(
        f"{what}_merge_review",
        204,
        409,
        token=await practice.token(),
        path={"merge_id": person.merge_id},
        body=AT_THE_DESK,
    )
    assert answer.status != 409 or answer.code in ("merge_review_ended", *told), answer.body


async def merges_in_vain(person: Person) -> None:
    """MG-9: accepted, and refused at identity's last look: the other password changed since."""
    assert person.other is not None
    books, other = person.ledger.books, person.other
    async with books.tap.withheld("identity.merges", "merge.merge-requested.v1", "merge"):
        answer = await asks_to_merge(person)
        await books.published_all("merge")
        await other.asks_for_a_link()
        await other.resets()
    for one in (person, other):
        one.ledger.owes(one.account_id, Mails(template="merge-rejected"))

    async def are_two(books: Books) -> None:
        await were_told(books, "merge-rejected", person, other)
        [merge] = await books.rows(
            "SELECT refusal, applied FROM merge.merges WHERE merge_id = $1",
            UUID(answer.body["merge_id"]),
        )
        assert (merge["refusal"], merge["applied"]) == ("merge_proof_stale", [])
        states = await books.rows(
            "SELECT state FROM identity.accounts WHERE id IN ($1, $2)",
            person.account_id,
            other.account_id,
        )
        assert [row["state"] for row in states] == ["active", "active"]

    person.ledger.promised(f"{person.username} keeps two accounts", are_two)


async def asks_to_merge(person: Person, expected: int = 202) -> Answer:
    """MG-3, with one key: accepted once."""
    return await person.call(
        "request_merge",
        expected,
        token=person.access,
        body={**person.proofs, "confirm": True},
        idempotency_key=person.client.key(),
    )


async def were_told(books: Books, template: str, *people: Person) -> None:
    """Each at her own address, once."""
    rows = await books.rows(
        "SELECT address FROM notify.deliveries WHERE template = $1 AND account_id = ANY ($2)",
        template,
        [person.account_id for person in people],
    )
    told = sorted(row["address"] for row in rows)
    assert told == sorted(person.address for person in people), f"told at {told}"


def is_told_at_both_addresses(person: Person, other: Person) -> None:
    """MG-6; and the session of the account that went is over everywhere (MG-5)."""
    ended = other.access

    async def is_told(books: Books) -> None:
        await were_told(books, "accounts-merged", person, other)

        async def is_over() -> None:
            answer = await person.call("list_deliveries", 200, 401, token=ended)
            assert answer.status == 401, "a session of the absorbed account lives"

        await eventually(is_over)

    person.ledger.promised(f"{person.username} is told at both addresses", is_told)
