"""The only place where a tour or a test sleeps: an assertion is tried again until a deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import TypeVar, overload

T = TypeVar("T")
PAUSE = 0.02


@overload
async def eventually(
    assertion: Callable[[], Awaitable[T]], *, within: float = ..., pause: float = ...
) -> T: ...
@overload
async def eventually(
    assertion: Callable[[], T], *, within: float = ..., pause: float = ...
) -> T: ...
async def eventually(
    assertion: Callable[[], Awaitable[T] | T], *, within: float = 20.0, pause: float = PAUSE
) -> T:
    """Call the assertion until it no longer fails; return what it returned.

    Only AssertionError means "not yet"; anything else is a mistake and ends the wait.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        try:
            outcome = assertion()
            return await outcome if isawaitable(outcome) else outcome
        except AssertionError:
            if loop.time() >= deadline:
                raise
        await asyncio.sleep(pause)
