"""The one door to PyJWT: compact tokens signed with Ed25519, each kind with a `typ` of its own.

The library checks the signature alone. Algorithm, type and times are checked here, against the
`now` passed in; header members that name keys (jku, x5u, jwk, x5c) are never looked at.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

import jwt
import msgspec

from shared.trust.ciphers import SigningKey, VerifyingKey, verifying_key

ALGORITHM = "EdDSA"
JWS = jwt.PyJWS(algorithms=[ALGORITHM])  # knows no other
LONGEST = 4096  # characters; ours have some 600
WIDEST_DATE = len("1764329347.123456")  # characters: no zero at its end is left out
REMEMBERED = 1024  # tokens of some 600 bytes that are not read, and not verified, a second time
SKEW = timedelta(seconds=5)  # between the clocks of two replicas, both measured to databases


class SignedInvalid(Exception):
    """Not a token of this kind, not of this key, or not now. The cause is for logs only."""


class SignedElsewhere(SignedInvalid):
    """Signed by this issuer, but for another audience."""


class Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every token of ours says; times are NumericDates with microseconds as fractions."""

    iss: str
    sub: str
    aud: tuple[str, ...]
    jti: str
    iat: float
    exp: float

    @property
    def issued_at(self) -> datetime:
        """The moment it was signed, whole to the microsecond (until 2106)."""
        return from_numeric_date(self.iat)

    @property
    def expires_at(self) -> datetime:
        """The first moment at which it is refused."""
        return from_numeric_date(self.exp)


C = TypeVar("C", bound=Claims)


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    alg: str
    typ: str
    kid: str
    crit: list[str] | None = None


class _Issuer(msgspec.Struct, frozen=True, kw_only=True):
    iss: str


_H = TypeVar("_H", _Header, _Issuer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """Who a token says it is from: enough to find the key, and good for nothing else."""

    issuer: str
    kid: str


def numeric_date(moment: datetime) -> float:
    """Seconds since 1970 with microseconds as the fraction; the shortest float that keeps them."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1) / 1_000_000


@lru_cache(maxsize=2 * REMEMBERED)
def from_numeric_date(seconds: float) -> datetime:
    """The inverse, exact to the microsecond. Raises SignedInvalid for what is no date of ours."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=round(seconds * 1_000_000))
    except (OverflowError, ValueError) as error:
        raise SignedInvalid("time out of range") from error


def sign(claims: Claims, *, typ: str, kid: str, key: SigningKey) -> str:
    """Return the compact form, of one length at every moment: who carries it in a cookie would
    show another size for zeros at the end of a time, and sizes are compared (NT-6).
    """
    missing = sum(WIDEST_DATE - len(repr(date)) for date in (claims.iat, claims.exp))
    payload = msgspec.json.encode(claims) + b" " * missing
    return JWS.encode(payload, key, ALGORITHM, headers={"typ": typ, "kid": kid})


@lru_cache(maxsize=REMEMBERED)
def inspect(token: str, *, typ: str) -> Unverified:
    """Check the header and read whose key is meant. Nothing of it is proven yet."""
    if len(token) > LONGEST or token.count(".") != 2:
        raise SignedInvalid("no compact token")
    head, payload, _ = token.split(".")
    header = _decoded(head, _Header)
    if header.alg != ALGORITHM or header.typ != typ or header.crit is not None:
        raise SignedInvalid("another algorithm or type")
    return Unverified(issuer=_decoded(payload, _Issuer).iss, kid=header.kid)


@lru_cache(maxsize=REMEMBERED)
def signed_payload(token: str, key: bytes) -> bytes:
    """Return what is signed. A right signature stays right, so it is checked once; only that is
    remembered: whether the token counts is asked each time. Raises jwt.PyJWTError.
    """
    payload: bytes = JWS.decode(token, verifying_key(key), algorithms=[ALGORITHM])
    return payload


def verify(
    token: str,
    claims: type[C],
    *,
    typ: str,
    issuer: str,
    audiences: Collection[str],
    key: VerifyingKey,
    now: datetime,
    longest: timedelta,
    late: timedelta | None = None,
) -> C:
    """Check type, algorithm, signature, issuer, audience and times. Raises SignedInvalid.

    It must be for one of `audiences`.
    A token that lives longer than `longest` is refused whoever signed it. Where it was checked in
    time before, by another service, it may come so `late` after it was signed, expired or not.
    """
    inspect(token, typ=typ)
    try:
        payload = signed_payload(token, key.public_bytes_raw())
        found = msgspec.json.decode(payload, type=claims)
    except (jwt.PyJWTError, msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise SignedInvalid("signature or claims") from error
    if found.iss != issuer:
        raise SignedInvalid("another issuer")
    if not set(audiences) & set(found.aud):
        raise SignedElsewhere("another audience")
    issued_at, expires_at = found.issued_at, found.expires_at
    if expires_at - issued_at > longest:
        raise SignedInvalid("lives too long")
    over_at = expires_at if late is None else issued_at + late
    if now >= over_at or issued_at > now + SKEW:
        raise SignedInvalid("not now")
    return found


def _decoded(part: str, shape: type[_H]) -> _H:
    try:
        return msgspec.json.decode(jwt.utils.base64url_decode(part), type=shape)
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise SignedInvalid("header or claims") from error
