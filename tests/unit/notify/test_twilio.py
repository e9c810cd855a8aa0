"""What the provider of text messages answers is read whole, however it comes (NT-3)."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.notify.sending.channels.twilio import answered, said
from services.notify.sending.model import Outcome

pytestmark = pytest.mark.proves("NT-3")


@pytest.mark.parametrize("breaks_off", [False, True])
async def test_a_refusal_in_two_pieces_is_one_and_its_status_stands_alone(breaks_off: bool) -> None:
    go_on = asyncio.Event()

    async def refuse(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=400)
        await response.prepare(request)
        await response.write(b'{"code": 21')
        await go_on.wait()
        if breaks_off:
            assert request.transport is not None
            request.transport.abort()
        else:
            await response.write(b"610}")
        return response

    app = web.Application()
    app.router.add_get("/", refuse)
    async with TestClient(TestServer(app)) as client, client.get("/") as response:
        reading = asyncio.ensure_future(said(response))
        asyncio.get_running_loop().call_soon(go_on.set)
        answer = answered(response.status, await reading)

    assert answer.outcome is (Outcome.DEFERRED if breaks_off else Outcome.REFUSED)
    assert answer.stopped is not breaks_off


OURS, MESSAGE, NUMBER, BUSY = (True, True), (True, False), (False, False), (False, False)


@pytest.mark.parametrize(
    ("status", "body", "outcome", "alarms_and_pauses"),
    [
        (201, b"{}", Outcome.ACCEPTED, (False, False)),
        (400, b'{"code": 21211}', Outcome.REFUSED, NUMBER),
        (400, b'{"code": 21617}', Outcome.DEFERRED, MESSAGE),
        (400, b'{"code": 63999}', Outcome.DEFERRED, MESSAGE),
        (400, b'{"code": 21606}', Outcome.DEFERRED, OURS),
        (400, b'{"code": 20422}', Outcome.DEFERRED, OURS),
        (400, b"<html>", Outcome.DEFERRED, OURS),
        (401, b'{"code": 20003}', Outcome.DEFERRED, OURS),
        (403, b'{"code": 21617}', Outcome.DEFERRED, OURS),
        (404, b"", Outcome.DEFERRED, OURS),
        (429, b'{"code": 20429}', Outcome.DEFERRED, BUSY),
        (503, b"", Outcome.DEFERRED, BUSY),
        (500, b'{"code": 20500}', Outcome.UNANSWERED, BUSY),
        (502, b"<html>", Outcome.UNANSWERED, BUSY),
        (504, b"", Outcome.UNANSWERED, BUSY),
        (520, b"", Outcome.UNANSWERED, BUSY),
    ],
)
def test_a_refusal_is_of_the_number_of_this_message_or_of_us(
    status: int, body: bytes, outcome: Outcome, alarms_and_pauses: tuple[bool, bool]
) -> None:
    answer = answered(status, body)

    assert answer.outcome is outcome
    assert (answer.ours_to_mend, answer.sender_refused) == alarms_and_pauses
