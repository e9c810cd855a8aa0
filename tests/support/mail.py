"""A mail catcher in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploy.client.mailbox import Mailbox
from deploy.local import ports
from deploy.local.catcher import Catcher


@asynccontextmanager
async def catching() -> AsyncIterator[Mailbox]:
    """Hold a catcher in this process."""
    catcher = Catcher(smtp_port=ports.free_port(), http_port=ports.free_port())
    await catcher.start()
    address = f"http://{ports.LOOPBACK}:{catcher.http_port}"
    try:
        async with Mailbox(address, smtp_url=f"smtp://{ports.LOOPBACK}:{catcher.smtp_port}") as box:
            yield box
    finally:
        await catcher.stop()
