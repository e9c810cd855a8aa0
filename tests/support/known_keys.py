"""What PostgreSQL's log-on makes of a password (SCRAM, RFC 5802), derived once a run.

The driver derives it for each connection anew, in 4,096 rounds: a third of what a connection costs
it. A service opens a few in its life, a run of the tests thousands as the same few roles.
"""

import hashlib
from functools import lru_cache
from types import SimpleNamespace

from asyncpg.protocol import protocol

PASSWORDS = 64  # with their salts: the roles of a run, several times over


def keep() -> None:
    """Let every connection of this process know what one before it derived."""
    derived_once = lru_cache(PASSWORDS)(hashlib.pbkdf2_hmac)
    protocol.hashlib = SimpleNamespace(  # type: ignore[attr-defined]
        **{**vars(hashlib), "pbkdf2_hmac": derived_once}
    )
