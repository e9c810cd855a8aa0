"""What merge makes of identity's snapshots."""

from tests.builders.people import a_person
from tests.rigs.merge import Merging


async def test_merge_keeps_no_e_mail_of_anybody(merging: Merging) -> None:
    person = a_person(email="june@mail.example")

    await merging.knows(person)

    [row] = await merging.rows("SELECT to_jsonb(kept)::text AS kept FROM accounts AS kept")
    assert str(person.account_id) in row["kept"]
    assert "june@mail.example" not in row["kept"]
