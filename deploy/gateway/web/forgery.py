"""Forged posts: refused unless the browser says they are ours, and the form was made for it."""

import hmac
from collections.abc import Sequence

from aiohttp import web

from shared.randomness import base64url
from shared.trust.ciphers import derive
from shared.trust.tokens import Digests

PURPOSE = "forgery"
OURS = ("same-origin", "none")


class Forgery:
    """Binds forms to a visitor. A token hangs on the browser, not on the session: logging on in
    another tab breaks no form that is open.
    """

    def __init__(self, keys: Sequence[bytes], origin: str) -> None:
        self._digests = [Digests(derive(key, PURPOSE)) for key in keys]
        self._origin = origin

    def token(self, visitor: str) -> str:
        """Return what a form made for this browser carries."""
        return base64url(self._digests[0].of(PURPOSE, visitor))

    def passes(self, request: web.Request, visitor: str, token: str) -> bool:
        """Whether both hold: the browser calls the post ours, and the form was made for it."""
        given = token.encode(errors="replace")
        made = any(
            hmac.compare_digest(base64url(digests.of(PURPOSE, visitor)).encode(), given)
            for digests in self._digests
        )
        return made and self._same_origin(request)

    def _same_origin(self, request: web.Request) -> bool:
        """Fetch metadata decides; where a browser has none, Origin must be ours."""
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site in OURS
        return request.headers.get("Origin") == self._origin
