"""What an operator does on recovery's command line: the digests of names (ID-4)."""

import argparse
import sys

from services.recovery.app import stored_names
from services.recovery.settings import RecoverySettings
from shared.acts import By
from shared.audit.entries import Origin
from shared.program.program import Plumbing, Verb


async def re_key_names(plumbing: Plumbing[RecoverySettings], _: argparse.Namespace) -> int:
    origin = Origin(actor="operator", source="", correlation_id=plumbing.randomness.uuid())
    by = By(origin=origin, now=plumbing.clock.now())
    count = await stored_names(plumbing).re_key(by=by)
    sys.stdout.write(f"{count} accounts have new digests of their names\n")
    return 0


VERBS: tuple[Verb[RecoverySettings], ...] = (
    Verb(
        name="names re-key",
        help="bring the digests of names under PORTICO_DIGEST_KEY and this release's form",
        run=re_key_names,
    ),
)
