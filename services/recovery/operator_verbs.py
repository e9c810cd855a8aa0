"""What an operator does on recovery's command line: the digests of names (ID-4)."""

import argparse

from services.recovery.projections.features import stored_names
from services.recovery.settings import RecoverySettings
from shared.program.bar import shown
from shared.program.program import Plumbing, Verb
from shared.program.terminal import say


async def re_key_names(plumbing: Plumbing[RecoverySettings], _: argparse.Namespace) -> int:
    with shown("rows of names") as progress:
        count = await stored_names(plumbing).re_key(progress, by=plumbing.operator())
    return say(f"{count} rows of names have new digests")


VERBS: tuple[Verb[RecoverySettings], ...] = (
    Verb(
        name="names re-key",
        help="bring the digests of names under PORTICO_DIGEST_KEY and this release's form",
        run=re_key_names,
        changes=True,
    ),
)
