"""Effects: the handlers of a batch in one transaction, where one that fails takes back its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from shared.db import Connection
from shared.messaging.subscriptions import Message

TOGETHER_SECONDS = 10.0
ALONE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A message whose handler raised; all that it wrote is rolled back."""

    message: Message
    error: Exception


async def apply(tx: Connection, messages: Sequence[Message]) -> Sequence[Failure]:
    """Run every handler, in the order in which every replica runs them.

    First all under one savepoint; only where one fails are they run again with a savepoint each.
    That saves two round trips a message as long as nothing is wrong.
    """
    ordered = sorted(messages, key=lambda message: message.order)
    if len(ordered) > 1 and await together(tx, ordered):
        return ()
    failures: list[Failure] = []
    for message in ordered:
        error = await alone(tx, message)
        if error is not None:
            failures.append(Failure(message=message, error=error))
    return failures


async def together(tx: Connection, messages: Sequence[Message]) -> bool:
    """Run all under one savepoint; False when one failed and nothing was kept."""
    savepoint = tx.transaction()
    await savepoint.start()
    try:
        async with asyncio.timeout(TOGETHER_SECONDS):
            for message in messages:
                await message.handler(tx, message.event)
    except Exception:  # whatever it is, each message shows its own error when it is run alone
        await savepoint.rollback()  # raises where the connection itself is gone
        return False
    await savepoint.commit()
    return True


async def alone(tx: Connection, message: Message) -> Exception | None:
    """Run one handler under its own savepoint; a handler that hangs has failed."""
    savepoint = tx.transaction()
    await savepoint.start()
    try:
        async with asyncio.timeout(ALONE_SECONDS):
            await message.handler(tx, message.event)
    except Exception as error:
        await savepoint.rollback()
        return error
    await savepoint.commit()
    return None
