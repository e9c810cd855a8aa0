"""Addresses that nobody has proven get so many mails of requests, and then no more (EN-4)."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.identity.emails.addresses import address_key
from shared import limits
from shared.acts import Act
from shared.limits import Limit
from shared.trust.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedAddresses:
    digests: Digests
    limit: Limit

    async def mailable(self, act: Act, locales: dict[str, str]) -> Mapping[str, str]:
        """Return those that may get one more mail now, each mailbox once; each with its locale."""
        keyed = {
            self.digests.of("mailed-address", address_key(email)): (email, locale)
            for email, locale in reversed(locales.items())
        }
        if not keyed:
            return {}
        taken = await limits.take(act.tx, self.limit, list(keyed), now=act.now)
        return dict(said for key, said in reversed(keyed.items()) if taken[key].granted)
