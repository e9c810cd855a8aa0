"""What an operator does on notify's command line: deliveries held in `unknown` (NT-6)."""

import argparse
import sys
from collections.abc import Sequence
from uuid import UUID

import msgspec

from services.notify.held import HeldDeliveries
from services.notify.model import DeliveryId, State
from services.notify.settings import NotifySettings
from shared.audit import Origin
from shared.program import Look, Plumbing, Verb


async def list_held(plumbing: Plumbing[NotifySettings], arguments: argparse.Namespace) -> int:
    for one in await held(plumbing).list_held(limit=arguments.limit):
        sys.stdout.write(msgspec.json.encode(one).decode() + "\n")
    return 0


async def resend(plumbing: Plumbing[NotifySettings], arguments: argparse.Namespace) -> int:
    left = await held(plumbing).resend(arguments.ids, operator(plumbing))
    return told(left, "not held, or its link's secret is gone")


async def settle(plumbing: Plumbing[NotifySettings], arguments: argparse.Namespace) -> int:
    left = await held(plumbing).settle(arguments.ids, arguments.state, operator(plumbing))
    return told(left, "not held")


def told(left: Sequence[DeliveryId], why: str) -> int:
    """Name each that was left as it is; exit code 1 where there is one."""
    sys.stderr.write("".join(f"{delivery_id}: {why}\n" for delivery_id in left))
    return 1 if left else 0


def held(plumbing: Plumbing[NotifySettings]) -> HeldDeliveries:
    return HeldDeliveries(database=plumbing.database, clock=plumbing.clock, audit=plumbing.audit)


def operator(plumbing: Plumbing[NotifySettings]) -> Origin:
    return Origin(actor="operator", source="", correlation_id=plumbing.randomness.uuid())


def list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=int, default=100)


def ids_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", metavar="ID", type=delivery_id, nargs="+")


def settle_arguments(parser: argparse.ArgumentParser) -> None:
    ids_arguments(parser)
    parser.add_argument(
        "--as",
        dest="state",
        required=True,
        type=State,
        choices=(State.SENT, State.FAILED),
        metavar="sent|failed",
        help="what became of them",
    )


def delivery_id(text: str) -> DeliveryId:
    return DeliveryId(UUID(text))


async def look_at_held(plumbing: Plumbing[NotifySettings]) -> str | None:
    return await held(plumbing).warning()


LOOKS: tuple[Look[NotifySettings], ...] = (Look(name="deliveries held", look=look_at_held),)

VERBS: tuple[Verb[NotifySettings], ...] = (
    Verb(
        name="deliveries held",
        help="list what may or may not have arrived, as JSON lines",
        arguments=list_arguments,
        run=list_held,
    ),
    Verb(
        name="deliveries resend",
        help="send held deliveries again, as the same mail",
        arguments=ids_arguments,
        run=resend,
    ),
    Verb(
        name="deliveries settle",
        help="record what became of held deliveries",
        arguments=settle_arguments,
        run=settle,
    ),
)
