"""ID-8: the account settings in one read."""

import pytest

from tests.builders.practices import Postman, PracticeDesk, enrol

pytestmark = pytest.mark.proves("ID-8")


async def test_an_account_is_read_with_everything_that_belongs_to_it(
    desk: PracticeDesk, postman: Postman
) -> None:
    enrolled = await enrol(desk.identity, await desk.a_token(), email="maria@mail.example")
    token = (await desk.identity.log_on("maria.garcia")).body["access_token"]

    answer = await desk.identity.call("GET", "/account", token=token)

    assert answer.body == {
        "account_id": enrolled.body["account_id"],
        "username": "maria.garcia",
        "email": {"address": "maria@mail.example", "state": "claimed"},
        "practices": [
            {"practice_id": desk.practice_id, "name": "Elm Street Practice", "state": "enrolled"}
        ],
        "recovery_routes": ["practice"],
        "locale": "en-US",
        "time_zone": "America/New_York",
    }
