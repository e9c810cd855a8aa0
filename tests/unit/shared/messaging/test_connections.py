"""What is left of a connection to the broker that never came to be."""

import asyncio
import gc
import logging

import pytest

from shared.errors import BrokerUnavailable
from shared.messaging.broker import Line


def test_a_failed_connection_leaves_nothing_for_the_garbage_collector_to_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Collected between two runs of its loop, where nothing can be awaited any more."""
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)  # records hold errors
    loop = asyncio.new_event_loop()
    try:
        failure = loop.run_until_complete(connect_in_vain())
        assert isinstance(failure, BrokerUnavailable)
        asyncio.set_event_loop(None)
        del failure
        gc.collect()  # pytest fails the test on a coroutine that was never awaited
    finally:
        loop.close()


async def connect_in_vain() -> Exception | None:
    try:
        await Line("amqp://merge:secret@127.0.0.1:1/", "test").ping()
    except BrokerUnavailable as error:
        return error  # with its traceback, and so with the connection
    return None
