"""What each service subscribes to, asked of the composed service and not of the topology."""

import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from shared.messaging.subscriptions import Subscription
from tests.rigs.replica import environment, put_together
from tests.support.clock import FakeClock


@asynccontextmanager
async def composed(service: str) -> AsyncIterator[Mapping[str, tuple[Subscription, ...]]]:
    """Put a service together without starting it; yield its queues and their tables."""
    program = importlib.import_module(f"services.{service}.__main__").PROGRAM
    assembled = put_together(program, environment(service), FakeClock())
    try:
        yield assembled.composition.subscriptions
    finally:
        await assembled.close()
