"""Story 32: a client without cookies, as a mobile gateway would be: bearer tokens alone."""

from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk


async def test_an_app_logs_on_goes_on_reads_the_account_and_logs_off_by_bearer_tokens_alone(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
    words = {"name": somebody.username, "password": somebody.password}

    begun = (await stage.call("log_on", 201, body=words, source=somebody.source)).body
    stage.let_time_pass(10 * 60)
    renewed = (
        await stage.call("refresh_session", 200, body={"refresh_token": begun["refresh_token"]})
    ).body
    account = await stage.call("read_account", 200, token=renewed["access_token"])
    assert account.body["username"] == somebody.username
    await stage.call(
        "end_session",
        204,
        token=renewed["access_token"],
        path={"session_id": renewed["session_id"]},
    )

    await stage.refused("read_account", 401, "unauthenticated", token=renewed["access_token"])
    await stage.refused(
        "refresh_session", 401, "refresh_invalid", body={"refresh_token": renewed["refresh_token"]}
    )
