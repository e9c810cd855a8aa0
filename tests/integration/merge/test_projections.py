"""What merge makes of identity's snapshots."""

from dataclasses import replace

from tests.builders.people import a_person
from tests.rigs.merge import Merging


async def test_merge_keeps_no_e_mail_of_anybody(merging: Merging) -> None:
    person = a_person(email="june@mail.example")

    await merging.knows(person)

    [row] = await merging.rows("SELECT to_jsonb(kept)::text AS kept FROM accounts AS kept")
    assert str(person.account_id) in row["kept"]
    assert "june@mail.example" not in row["kept"]


async def test_what_a_replica_of_the_release_before_still_writes_goes_with_the_next_snapshot(
    merging: Merging,
) -> None:
    person = a_person(email="june@mail.example")
    await merging.knows(person)
    await merging.rows("UPDATE accounts SET email = 'june@mail.example' RETURNING 1")

    await merging.knows(replace(person, version=person.version + 1))

    assert [row["email"] for row in await merging.rows("SELECT email FROM accounts")] == [None]
