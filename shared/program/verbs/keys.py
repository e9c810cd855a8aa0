"""The service's own keys: listed, rotated, revoked, brought under another key (ST-3)."""

import argparse

from shared.contracts.keys import KeyPurpose
from shared.program.asked import Asked, Command
from shared.program.program import F, S
from shared.program.terminal import FAILED, say, say_json, tell
from shared.settings.loader import PREFIX
from shared.trust.keys import KeyUnknown

REVOKING = """\
Everybody who hears of it refuses at once what that key has signed: people refresh their sessions,
who holds a grant begins again. What was sealed to it can never be opened: those mails are not sent.
Where no other key is in use, one is made and used at once.
Nothing was done. With --yes it is."""


async def list_held(asked: Asked[F, S]) -> int:
    async with asked.own_keys() as (own_keys, _):
        held = await own_keys.held()
    return say_json(
        *(
            {
                "kid": key.public.kid,
                "purpose": key.public.purpose,
                "usable_from": key.public.usable_from,
                "usable_until": key.public.usable_until,
                "confirmed": key.confirmed,
            }
            for key in held
        )
    )


async def rotate(asked: Asked[F, S]) -> int:
    async with asked.own_keys() as (own_keys, plumbing):
        purpose = asked.arguments.purpose or own_keys.purposes[0]
        if purpose not in own_keys.purposes:
            return tell(FAILED, f"{plumbing.service} has no {purpose} keys")
        kid = await own_keys.rotate(purpose, by=plumbing.operator())
    return say(f"published {kid}; used in ten minutes, once the broker has confirmed it")


async def revoke(asked: Asked[F, S]) -> int:
    if not (asked.arguments.yes or asked.dry_run):
        return tell(FAILED, REVOKING)
    async with asked.own_keys() as (own_keys, plumbing):
        try:
            revoked = await own_keys.revoke(asked.arguments.kid, by=plumbing.operator())
        except KeyUnknown:
            return tell(FAILED, "there is no such key: `keys list` names them")
    made = f"; {revoked.fresh} is used in its place" if revoked.fresh else ""
    return say(f"revoked {asked.arguments.kid} ({revoked.purpose}){made}")


async def encrypt_again(asked: Asked[F, S]) -> int:
    async with asked.own_keys() as (own_keys, plumbing):
        count = await own_keys.encrypt_again(by=plumbing.operator())
    return say(
        f"{count} under {PREFIX}KEY_ENCRYPTION_KEY: {PREFIX}KEY_ENCRYPTION_KEYS_RETIRED can go"
    )


def which_purpose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "purpose", nargs="?", type=KeyPurpose, metavar="PURPOSE", help="signing or sealing"
    )


def which_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kid", metavar="KID", help="after --, where an old one begins with a dash")
    parser.add_argument("--yes", action="store_true", help="do it")


COMMANDS = (
    Command(name="keys list", help="list the service's own keys as JSON lines", run=list_held),
    Command(
        name="keys rotate",
        help="publish a following key",
        run=rotate,
        arguments=which_purpose,
        changes=True,
    ),
    Command(
        name="keys revoke",
        help="take a key away at once, everywhere",
        run=revoke,
        arguments=which_key,
        changes=True,
    ),
    Command(
        name="keys re-encrypt",
        help="bring the private keys under a changed key-encryption key",
        run=encrypt_again,
        changes=True,
    ),
)
