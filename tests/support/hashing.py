"""What comes about while a secret is compared, which takes long."""

from collections.abc import Awaitable, Callable

import pytest

from shared.trust.hashing import PasswordHasher


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, hasher: PasswordHasher, happens: Callable[[], Awaitable[None]]
) -> None:
    """Let this happen once, before the next comparison is over."""
    verify = hasher.verify

    async def verified(secret: str, stored: str | None) -> bool:
        monkeypatch.undo()
        right = await verify(secret, stored)
        await happens()
        return right

    monkeypatch.setattr(hasher, "verify", verified)
