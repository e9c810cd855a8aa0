"""What an operator does on notify's command line: deliveries held in `unknown` or failed (NT-6),
addresses that get no mail (NT-5), and the form in which addresses are compared (ID-4).
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from services.notify.addresses.stored_keys import StoredKeys
from services.notify.ledger.held import HeldDeliveries
from services.notify.ledger.ledger import Ledger
from services.notify.ledger.model import DeliveryId, Hindrance, State, masked
from services.notify.ledger.trials import Trials
from services.notify.settings import NotifySettings
from services.notify.suppressions.lifting import Lifting
from shared.contracts.addresses import AddressMalformed, mailable
from shared.contracts.languages import Language
from shared.program.bar import shown
from shared.program.program import Plumbing, Verb
from shared.program.terminal import FAILED, OK, number_from, say, say_json, tell


async def list_held(plumbing: Plumbing[NotifySettings], arguments: argparse.Namespace) -> int:
    return say_json(*await held(plumbing).list_held(limit=arguments.limit))


async def list_failed(plumbing: Plumbing[NotifySettings], arguments: argparse.Namespace) -> int:
    return say_json(*await held(plumbing).list_failed(limit=arguments.limit))


async def resend(plumbing: Plumbing[NotifySettings], arguments: argparse.Namespace) -> int:
    return told(await held(plumbing).resend(arguments.ids, by=plumbing.operator()))


async def settle(plumbing: Plumbing[NotifySettings], arguments: argparse.Namespace) -> int:
    return told(await held(plumbing).settle(arguments.ids, arguments.state, by=plumbing.operator()))


async def test_send(plumbing: Plumbing[NotifySettings], arguments: argparse.Namespace) -> int:
    sent = await trials(plumbing).send(
        arguments.address, locale=arguments.locale, by=plumbing.operator()
    )
    return say_json({"id": sent})


async def show(plumbing: Plumbing[NotifySettings], arguments: argparse.Namespace) -> int:
    found = await trials(plumbing).look(arguments.ids)
    missing = [one for one in arguments.ids if one not in {outcome.id for outcome in found}]
    say_json(*found)
    return tell(FAILED if missing else OK, *(f"{one}: {Hindrance.NO_SUCH}" for one in missing))


async def list_suppressed(plumbing: Plumbing[NotifySettings], arguments: argparse.Namespace) -> int:
    found = await lifting(plumbing).newest(limit=arguments.limit)
    return say_json(*(replace(one, address=masked(one.address)) for one in found))


async def lift(plumbing: Plumbing[NotifySettings], arguments: argparse.Namespace) -> int:
    if await lifting(plumbing).lift([arguments.address], by=plumbing.operator()):
        return OK
    return tell(FAILED, "this address is not suppressed")


async def re_key_names(plumbing: Plumbing[NotifySettings], _: argparse.Namespace) -> int:
    with shown("addresses") as progress:
        count = await StoredKeys(acts=plumbing.acts).re_key(progress, by=plumbing.operator())
    return say(f"{count} addresses have a new key")


def told(left: Mapping[DeliveryId, Hindrance]) -> int:
    """Name each that was left as it is, and why; exit code 1 where there is one."""
    lines = (f"{delivery_id}: {why}" for delivery_id, why in left.items())
    return tell(FAILED if left else OK, *lines)


def held(plumbing: Plumbing[NotifySettings]) -> HeldDeliveries:
    return HeldDeliveries(acts=plumbing.acts)


def trials(plumbing: Plumbing[NotifySettings]) -> Trials:
    ledger = Ledger(
        clock=plumbing.clock,
        randomness=plumbing.randomness,
        digests=plumbing.digests,
        texts=plumbing.settings.offers_texts,
        couriers={},  # they run elsewhere, and look by themselves
    )
    return Trials(acts=plumbing.acts, ledger=ledger)


def lifting(plumbing: Plumbing[NotifySettings]) -> Lifting:
    return Lifting(acts=plumbing.acts)


def list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=number_from(1), default=100)


def address_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar="ADDRESS")


def test_send_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar="ADDRESS", type=mail_address)
    parser.add_argument(
        "--locale",
        default=Language.ENGLISH,
        type=Language,
        choices=tuple(Language),
        metavar="en|es",
    )


def mail_address(text: str) -> str:
    try:
        mailable(text)
    except AddressMalformed:
        raise argparse.ArgumentTypeError("expected an e-mail address without a name") from None
    return text


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


VERBS: tuple[Verb[NotifySettings], ...] = (
    Verb(
        name="deliveries held",
        help="list what may or may not have arrived, as JSON lines",
        arguments=list_arguments,
        run=list_held,
    ),
    Verb(
        name="deliveries failed",
        help="list what failed and can be sent again, as JSON lines",
        arguments=list_arguments,
        run=list_failed,
    ),
    Verb(
        name="deliveries resend",
        help="send held or failed deliveries again, as the same mail",
        arguments=ids_arguments,
        run=resend,
        changes=True,
    ),
    Verb(
        name="deliveries test-send",
        help="send a test mail to an address, as every mail goes, and print its delivery's id",
        arguments=test_send_arguments,
        run=test_send,
        changes=True,
    ),
    Verb(
        name="deliveries show",
        help="say what has become of deliveries, as JSON lines",
        arguments=ids_arguments,
        run=show,
    ),
    Verb(
        name="deliveries settle",
        help="record what became of held deliveries",
        arguments=settle_arguments,
        run=settle,
        changes=True,
    ),
    Verb(
        name="suppressions list",
        help="list addresses that get no mail, newest first, as JSON lines",
        arguments=list_arguments,
        run=list_suppressed,
    ),
    Verb(
        name="suppressions lift",
        help="let mails go to an address again",
        arguments=address_arguments,
        run=lift,
        changes=True,
    ),
    Verb(
        name="names re-key",
        help="bring the keys of addresses to the form that this release compares",
        run=re_key_names,
        changes=True,
    ),
)
