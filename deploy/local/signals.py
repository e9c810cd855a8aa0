"""What a signal to stop does to a program that has started others."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

INTERRUPTED = 130  # as a shell tells it of SIGINT


def run_until_signalled(work: Coroutine[Any, Any, int]) -> int:
    """Do the work in a loop of its own, and return its exit code; INTERRUPTED where it was stopped.

    A signal is one cancellation, so that whatever was started is stopped in order; also in the
    background, where Python is deaf to SIGINT.
    """
    return asyncio.run(_until_signalled(work))


async def _until_signalled(work: Coroutine[Any, Any, int]) -> int:
    task = asyncio.create_task(work)
    signals: list[int] = []

    def stop(number: int) -> None:
        if not signals:  # a second Ctrl-C must not cut the stopping short
            task.cancel()
        signals.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        outcome = await task
    except asyncio.CancelledError:
        outcome = INTERRUPTED
    if signals:
        print("stopped", flush=True)
    return outcome
