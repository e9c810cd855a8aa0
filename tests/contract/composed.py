"""What each service subscribes to, asked of the composed service and not of the topology."""

import importlib
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from shared.messaging.consumer import Subscription
from shared.runtime import assemble
from shared.settings import load
from tests.support.clock import FakeClock

NOWHERE = "127.0.0.1:9"  # nothing is connected to: a service starts while everything is away
OWN: Mapping[str, Mapping[str, str]] = {
    "identity": {"PORTICO_PEPPER": "a pepper that is long enough for a test"},
    "notify": {
        "PORTICO_PORTAL_URL": "https://portal.example",
        "PORTICO_SMTP_URL": f"smtp://{NOWHERE}",
        "PORTICO_MAIL_FROM": "no-reply@portico.example",
        "PORTICO_MAIL_DOMAIN": "portico.example",
    },
}


@asynccontextmanager
async def composed(service: str) -> AsyncIterator[Mapping[str, tuple[Subscription, ...]]]:
    """Put a service together without starting it; yield its queues and their tables."""
    program = importlib.import_module(f"services.{service}.__main__").PROGRAM
    environ = {
        "PORTICO_ENVIRONMENT": "development",
        "PORTICO_DATABASE_URL": f"postgresql://{service}:x@{NOWHERE}/portico",
        "PORTICO_BROKER_URL": f"amqp://{service}:x@{NOWHERE}/portico",
        "PORTICO_KEY_ENCRYPTION_KEY": b64encode(bytes(range(32))).decode(),
        "PORTICO_DIGEST_KEY": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
        **OWN.get(service, {}),
    }
    assembled = assemble(program, load(program.settings, environ), clock=FakeClock())
    try:
        yield assembled.composition.subscriptions
    finally:
        await assembled.close()
