import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.gateway.check import SOMEBODY, Asker
from deploy.gateway.doors.http import Door, pairs_of, paragraphs_of, source_seen_by
from deploy.gateway.doors.practice import ClientToken
from deploy.gateway.web.refusals import Away, Broken
from shared.randomness import Randomness


def test_what_is_several_stands_several_times_in_a_form() -> None:
    body = ClientToken(
        grant_type="client_credentials",
        client_id="c",
        client_secret="s",
        resource=("identity", "notify"),
    )

    pairs = pairs_of(body)

    assert pairs[-2:] == [("resource", "identity"), ("resource", "notify")]
    assert len(pairs) == 5


def test_a_text_is_parted_where_it_leaves_a_line_free_alone() -> None:
    assert paragraphs_of("One\nline.\n\n\nAnother.\n") == ["One line.", "Another."]


PAGE = ("text/html", "<html><body><h1>503 Service Unavailable</h1></body></html>")
OURS = ("application/problem+json", '{"status":502,"code":"unavailable"}')  # as our own tells it


@pytest.mark.parametrize(
    ("status", "told", "raised"),
    [
        *((status, told, Away) for status in (502, 503, 504) for told in (PAGE, OURS)),
        *((status, PAGE, Broken) for status in (500, 404)),
        (500, OURS, Broken),
    ],
)
async def test_a_service_whose_balancer_answers_in_its_place_is_away_and_not_broken(
    status: int, told: tuple[str, str], raised: type[Exception]
) -> None:
    content_type, text = told

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text, content_type=content_type)

    balancer = web.Application()
    balancer.router.add_get("/source", answer)
    async with TestServer(balancer) as server:
        url = str(server.make_url("")).rstrip("/")
        door = Door(service="identity", url=url, seconds=5, forwarded_header="X-Forwarded-For")
        try:
            with pytest.raises(raised):
                await source_seen_by(
                    door, Asker(source=SOMEBODY, correlation_id=Randomness().uuid())
                )
        finally:
            await door.close()
