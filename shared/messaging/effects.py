"""Effects: the handlers of a batch in one transaction, where one that fails takes back its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from shared.db import Connection
from shared.logs import correlated
from shared.messaging.subscriptions import Message

TOGETHER_SECONDS = 10.0
ALONE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A message whose handler raised; all that it wrote is rolled back."""

    message: Message
    error: Exception


Apply = Callable[[Connection, Sequence[Message]], Awaitable[Sequence[Failure]]]


class OneFailed(Exception):
    """A handler raised while all ran together: the transaction is of no use any more."""


async def together(tx: Connection, messages: Sequence[Message]) -> Sequence[Failure]:
    """Run every handler as if none could fail, a run of a kind at once where it takes several.

    That costs no savepoint, and one round trip a run. Raises OneFailed: roll back, and run them
    one by one, where each shows its own error.
    """
    try:
        async with asyncio.timeout(TOGETHER_SECONDS):
            for run in runs(ordered(messages)):
                with in_their_stories(run):
                    await run[0].handler(tx, *(message.event for message in run))
    except Exception as error:
        raise OneFailed from error
    return ()


def in_their_stories(run: Sequence[Message]) -> AbstractContextManager[None]:
    """Put on every line that a handler logs whose doing led to it; of a run, all of them."""
    return correlated(
        *(message.event.correlation_id for message in run),
        traceparent=run[0].event.traceparent if len(run) == 1 else None,
    )


async def one_by_one(tx: Connection, messages: Sequence[Message]) -> Sequence[Failure]:
    """Run every handler under its own savepoint; return those that failed."""
    failures: list[Failure] = []
    for message in ordered(messages):
        error = await alone(tx, message)
        if error is not None:
            failures.append(Failure(message=message, error=error))
    return failures


def ordered(messages: Sequence[Message]) -> Sequence[Message]:
    """Put the messages in the order in which every replica runs them."""
    return sorted(messages, key=lambda message: message.order)


def runs(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """Put together what follows one another and goes to a handler that takes several at once."""
    run: list[Message] = []
    for message in messages:
        if run and not (message.several and message.handler == run[0].handler):
            yield run
            run = []
        run.append(message)
    if run:
        yield run


async def alone(tx: Connection, message: Message) -> Exception | None:
    """Run one handler under its own savepoint; a handler that hangs has failed."""
    savepoint = tx.transaction()
    await savepoint.start()
    try:
        with in_their_stories([message]):
            async with asyncio.timeout(ALONE_SECONDS):
                await message.handler(tx, message.event)
    except Exception as error:
        await savepoint.rollback()
        return error
    await savepoint.commit()
    return None
