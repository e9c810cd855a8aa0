"""Grants as a merge takes them: checked and spent as everywhere, refused in a merge's own words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType

from services.merge.parties.errors import (
    ProofForAnotherService,
    ProofInvalid,
    ProofOfAnotherAccount,
    ProofOfAnotherAct,
    ProofOfAnotherSession,
    ProofUsed,
)
from shared.db import Connection
from shared.errors import Refused
from shared.trust.grants import (
    Grant,
    GrantAct,
    GrantChecker,
    GrantInvalid,
    GrantUsed,
    GrantWrongAccount,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongSession,
    Verb,
)

WORDED: Mapping[type[Refused], type[Refused]] = MappingProxyType(
    {
        GrantInvalid: ProofInvalid,
        GrantWrongAct: ProofOfAnotherAct,
        GrantWrongService: ProofForAnotherService,
        GrantWrongAccount: ProofOfAnotherAccount,
        GrantWrongSession: ProofOfAnotherSession,
        GrantUsed: ProofUsed,
    }
)


class ProofChecker(GrantChecker):
    """Raises merge's own leaf of each refusal: what to do next is not what a reset link needs."""

    async def check(
        self, token: str, *, act: GrantAct, now: datetime, verb: Verb | None = None
    ) -> Grant:
        with worded():
            return await super().check(token, act=act, verb=verb, now=now)

    async def spend(self, tx: Connection, grant: Grant, *, now: datetime) -> None:
        with worded():
            await super().spend(tx, grant, now=now)


@contextmanager
def worded() -> Iterator[None]:
    """Refuse a grant as what it is to a merge."""
    try:
        yield
    except (GrantInvalid, GrantUsed) as refusal:
        raise WORDED[type(refusal)] from refusal
