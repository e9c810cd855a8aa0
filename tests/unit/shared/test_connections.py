"""What the web server answers by itself: no stranger's words, no versions, no endless waiting."""

import asyncio
import json
from typing import Any

import pytest

from tests.support.dripping import dripped
from tests.support.lines import Lines
from tests.support.shop import SHELF, Stall, open_stall

GET = b"GET /health/live HTTP/1.1\r\nHost: shop\r\n"


async def answered(stall: Stall, sent: bytes) -> tuple[str, Any]:
    """Send bytes, return the head and the body of what comes until the server hangs up."""
    reader, writer = await asyncio.open_connection(stall.client.host, stall.client.port)
    writer.write(sent)
    async with asyncio.timeout(5):
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return head, json.loads(body) if body else None


@pytest.mark.parametrize(
    "sent",
    [
        b"hunter2\r\n\r\n",
        b"GET /" + b"hunter2" * 2000 + b" HTTP/1.1\r\n\r\n",
        GET + b"hunter2\r\n\r\n",
        GET + b"X: " + b"hunter2" * 2000 + b"\r\n\r\n",
        GET + b"Content-Length: hunter2\r\n\r\n",
    ],
)
async def test_what_is_no_http_gets_a_problem_that_repeats_none_of_it(
    stall: Stall, written: Lines, sent: bytes
) -> None:
    head, body = await answered(stall, sent)

    assert head.startswith("HTTP/1.0 400 ")
    assert body["code"] == "malformed_request"
    assert f"Correlation-Id: {body['correlation_id']}" in head
    assert "Content-Type: application/problem+json" in head
    assert "Server: portico" in head
    assert "hunter2" not in head + json.dumps(body) + written.getvalue()
    assert [line["level"] for line in written.read_back("request_unreadable")] == ["info"]


@pytest.mark.parametrize("path", [b"/health/live", b"/nothing", SHELF.encode()])
async def test_an_unknown_expectation_is_417(stall: Stall, path: bytes) -> None:
    head, body = await answered(
        stall, b"GET " + path + b" HTTP/1.1\r\nHost: shop\r\nExpect: banana\r\n\r\n"
    )

    assert "417" in head
    assert (body["code"], body["status"]) == ("expectation_failed", 417)
    assert "banana" not in json.dumps(body)


@pytest.mark.parametrize("sent", [b"", b"GET /ter", GET])
async def test_a_connection_whose_request_does_not_come_is_closed(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr("shared.http.connections.KEEPALIVE_SECONDS", 0.05)
    async with open_stall() as stall:
        assert await answered(stall, sent) == ("", None)


async def test_headers_that_drip_do_not_keep_a_connection_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.http.connections.KEEPALIVE_SECONDS", 0.2)
    async with open_stall() as stall:
        reader, writer = await asyncio.open_connection(stall.client.host, stall.client.port)
        writer.write(GET + b"\r\n")  # a request before makes no difference
        await reader.readuntil(b'{"live":true}')

        async with asyncio.timeout(3):
            assert await dripped(reader, writer) == b""


async def test_while_the_process_stops_each_reply_ends_its_connection(stall: Stall) -> None:
    assert "Connection" not in (await stall.client.get(SHELF)).headers

    stall.health.stopping = True

    for path in (SHELF, "/nothing", "/health/live"):
        assert (await stall.client.get(path)).headers["Connection"] == "close"
