"""The provider of text messages as settings tell of it: where it is, and as whom we ask."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from services.notify.settings import NotifySettings
from shared.settings.values import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Without one, no text message is sent."""

    url: str  # without account and token
    account: str
    token: Secret
    sender: str
    hooks_url: str

    @classmethod
    def of(cls, settings: NotifySettings) -> Self | None:
        """Read it from this service's settings, which have all of it or nothing."""
        if not (settings.texts_url and settings.texts_from and settings.texts_hooks_url):
            return None
        parts = urlsplit(settings.texts_url.reveal())
        port = f":{parts.port}" if parts.port else ""
        return cls(
            url=f"{parts.scheme}://{parts.hostname}{port}",
            account=unquote(parts.username or ""),
            token=Secret(unquote(parts.password or "")),
            sender=settings.texts_from,
            hooks_url=settings.texts_hooks_url.rstrip("/"),
        )
