"""Signed tokens: one algorithm, one type each, one audience, and times by the `now` passed in."""

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.randomness import Randomness
from shared.trust.ciphers import KeyPair, signing_key, signing_pair, verifying_key
from shared.trust.signed import (
    Claims,
    SignedElsewhere,
    SignedInvalid,
    from_numeric_date,
    inspect,
    numeric_date,
    sign,
    verify,
)

NOW = datetime(2031, 3, 5, 9, 0, tzinfo=UTC)
PAIR = signing_pair(Randomness())
TYPE = "portico-test+jwt"


def claims(**other: Any) -> Claims:
    return Claims(
        **{
            "iss": "https://portico.example/identity",
            "sub": "somebody",
            "aud": ("https://portico.example/merge", "https://portico.example/identity"),
            "jti": "1",
            "iat": numeric_date(NOW),
            "exp": numeric_date(NOW + timedelta(minutes=5)),
            **other,
        }
    )


def signed(pair: KeyPair = PAIR, typ: str = TYPE, **other: Any) -> str:
    return sign(claims(**other), typ=typ, kid="k1", key=signing_key(pair.private))


def checked(token: str, *, now: datetime = NOW, pair: KeyPair = PAIR, **other: Any) -> Claims:
    return verify(
        token,
        Claims,
        **{
            "typ": TYPE,
            "issuer": "https://portico.example/identity",
            "audiences": ("https://portico.example/identity",),
            "key": verifying_key(pair.public),
            "now": now,
            "longest": timedelta(minutes=10),
            **other,
        },
    )


def part(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def forged(header: Any, payload: Any = None, signature: bytes = b"x" * 64) -> str:
    """A token of any header over good claims."""
    good = {
        "iss": "https://portico.example/identity",
        "sub": "somebody",
        "aud": ["https://portico.example/identity"],
        "jti": "1",
        "iat": numeric_date(NOW),
        "exp": numeric_date(NOW + timedelta(minutes=5)),
    }
    encoded = urlsafe_b64encode(signature).rstrip(b"=").decode()
    return f"{part(header)}.{part(good if payload is None else payload)}.{encoded}"


def resigned(header: dict[str, Any]) -> str:
    """A good signature over a header that somebody with the key would never write."""
    unsigned = forged(header, signature=b"").rstrip(".")
    return forged(header, signature=signing_key(PAIR.private).sign(unsigned.encode()))


def test_a_signed_token_is_read_back_whole() -> None:
    assert checked(signed()) == claims()


@pytest.mark.proves("V9.1.1")
def test_any_changed_character_is_refused() -> None:
    token = signed()

    for place, character in enumerate(token):
        other = "A" if character != "A" else "B"
        if place == len(token) - 1:
            other = "A" if character in "gQw" else "g"  # the last one holds two bits only
        with pytest.raises(SignedInvalid):
            checked(token[:place] + other + token[place + 1 :])


@pytest.mark.proves("V9.1.2")
@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "", "HS256", "RS256", "ES256", "ES256K", "PS512", "eddsa"]
)
@pytest.mark.parametrize("signature", [b"", b"x" * 64])
def test_no_other_algorithm_is_taken(algorithm: str, signature: bytes) -> None:
    header = {"alg": algorithm, "typ": TYPE, "kid": "k1"}

    with pytest.raises(SignedInvalid):
        checked(forged(header, signature=signature))
    with pytest.raises(SignedInvalid):
        checked(resigned(header))


@pytest.mark.proves("V9.1.2")
@pytest.mark.parametrize(
    "secret", [PAIR.public, PAIR.public.hex().encode(), b""], ids=["raw", "hex", "empty"]
)
def test_the_public_key_is_no_hmac_secret(secret: bytes) -> None:
    for algorithm in ("HS256", "HS384", "HS512", "EdDSA"):
        header = {"alg": algorithm, "typ": TYPE, "kid": "k1"}
        unsigned = forged(header, signature=b"").rstrip(".").encode()
        forgery = forged(header, signature=hmac.digest(secret, unsigned, "sha256"))
        with pytest.raises(SignedInvalid):
            checked(forgery)


@pytest.mark.proves("V9.1.3")
@pytest.mark.parametrize("member", ["jku", "x5u", "jwk", "x5c"])
def test_a_key_that_the_token_brings_along_is_never_looked_at(member: str) -> None:
    attacker = signing_pair(Randomness())
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": part(attacker.public.decode("latin-1"))}
    header = {
        "alg": "EdDSA",
        "typ": TYPE,
        "kid": "k1",
        member: jwk if member == "jwk" else "https://attacker.example/keys",
    }
    unsigned = forged(header, signature=b"").rstrip(".").encode()

    with pytest.raises(SignedInvalid):
        checked(forged(header, signature=signing_key(attacker.private).sign(unsigned)))
    assert checked(resigned(header)).sub == "somebody"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "EdDSA", "typ": TYPE},
        {"alg": "EdDSA", "kid": "k1"},
        {"alg": "EdDSA", "typ": TYPE, "kid": 1},
        {"alg": ["EdDSA"], "typ": TYPE, "kid": "k1"},
        {"alg": "EdDSA", "typ": TYPE, "kid": "k1", "crit": ["exp"], "exp": 1},
        {"alg": "EdDSA", "typ": TYPE, "kid": "k1", "b64": False, "crit": ["b64"]},
        {"alg": "EdDSA", "typ": TYPE.upper(), "kid": "k1"},
        [],
        "null",
        "{",
    ],
)
def test_a_header_that_is_not_ours_is_refused(header: Any) -> None:
    with pytest.raises(SignedInvalid):
        checked(forged(header) if not isinstance(header, dict) else resigned(header))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "é.é.é",
        "\0",
        "A" * 5000,
        "[" * 2000 + ".a.b",
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(SignedInvalid):
        checked(token)


UNREAD = "[" * 1100 + "]" * 1100  # msgspec walks through what it does not keep, too
HEADER = f'{{"alg":"EdDSA","typ":"{TYPE}","kid":"k1","z":{UNREAD}}}'


@pytest.mark.parametrize("nested", ["[" * 1400, '{"a":' * 300, HEADER])
def test_deep_nesting_is_refused_not_followed(nested: str) -> None:
    with pytest.raises(SignedInvalid):
        inspect(f"{part(nested)}.{part(nested)}.AA", typ=TYPE)


@pytest.mark.proves("V9.2.2")
def test_a_token_of_another_type_is_refused() -> None:
    with pytest.raises(SignedInvalid):
        checked(signed(typ="at+jwt"))


@pytest.mark.proves("V9.2.3")
@pytest.mark.parametrize(
    "other",
    [
        {"audiences": ("https://portico.example/notify",)},
        {"audiences": ("https://portico.example/ident",)},
        {"issuer": "https://portico.example/recovery"},
        {"pair": signing_pair(Randomness())},
    ],
)
def test_another_audience_issuer_or_key_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(SignedInvalid):
        checked(signed(), **other)


def test_one_for_another_audience_is_told_from_one_that_is_forged() -> None:
    with pytest.raises(SignedElsewhere):
        checked(signed(), audiences=("https://portico.example/notify",))
    with pytest.raises(SignedInvalid) as forged:
        checked(signed(signing_pair(Randomness())), audiences=("https://portico.example/notify",))

    assert not isinstance(forged.value, SignedElsewhere)


def test_who_checks_again_minds_all_but_the_expiry_for_a_while() -> None:
    late = timedelta(hours=72)
    begun = NOW - late + timedelta(microseconds=1)
    token = signed(iat=numeric_date(begun), exp=numeric_date(begun + timedelta(minutes=5)))

    assert checked(token, late=late)
    with pytest.raises(SignedInvalid):
        checked(token)
    with pytest.raises(SignedInvalid):
        checked(token, late=late, now=NOW + timedelta(microseconds=1))
    with pytest.raises(SignedInvalid):
        checked(token, late=late, now=begun - timedelta(seconds=6))
    with pytest.raises(SignedInvalid):
        checked(token, late=late, pair=signing_pair(Randomness()))
    with pytest.raises(SignedInvalid):
        checked(signed(exp=numeric_date(NOW + timedelta(minutes=11))), late=late)


@pytest.mark.proves("V9.2.1")
def test_it_ends_by_the_clock_that_is_passed_in() -> None:
    token = signed()

    assert checked(token, now=NOW + timedelta(seconds=299, microseconds=999_999))
    with pytest.raises(SignedInvalid):
        checked(token, now=NOW + timedelta(seconds=300))


def test_it_is_taken_by_a_replica_whose_clock_is_five_seconds_behind_and_no_more() -> None:
    assert checked(signed(), now=NOW - timedelta(seconds=5))
    with pytest.raises(SignedInvalid):
        checked(signed(), now=NOW - timedelta(seconds=5, microseconds=1))


def test_a_life_longer_than_its_kind_allows_is_refused_whoever_signed_it() -> None:
    with pytest.raises(SignedInvalid):
        checked(signed(exp=numeric_date(NOW + timedelta(minutes=10, microseconds=1))))


@pytest.mark.parametrize("iat", [1e300, -1e300, 1e17])
def test_a_time_out_of_range_is_refused(iat: float) -> None:
    with pytest.raises(SignedInvalid):
        checked(signed(iat=iat))


@pytest.mark.parametrize("missing", ["iss", "sub", "aud", "jti", "iat", "exp"])
def test_every_claim_is_needed(missing: str) -> None:
    payload = json.loads(msgspec.json.encode(claims()))
    del payload[missing]
    header = part({"alg": "EdDSA", "typ": TYPE, "kid": "k1"})
    unsigned = f"{header}.{part(payload)}"
    signature = signing_key(PAIR.private).sign(unsigned.encode())

    with pytest.raises(SignedInvalid):
        checked(f"{unsigned}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}")


@given(
    st.datetimes(
        min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(2106, 1, 1),  # noqa: DTZ001 - as above
        timezones=st.just(UTC),
    )
)
def test_a_fractional_date_keeps_every_microsecond(moment: datetime) -> None:
    assert from_numeric_date(numeric_date(moment)) == moment
    assert from_numeric_date(json.loads(json.dumps(numeric_date(moment)))) == moment


@pytest.mark.parametrize("microseconds", [0, 1, 10, 123_000, 123_456])
def test_a_token_is_as_long_at_every_moment(microseconds: int) -> None:
    moment = NOW + timedelta(microseconds=microseconds)
    token = signed(iat=numeric_date(moment), exp=numeric_date(moment + timedelta(minutes=5)))

    assert len(token) == len(signed(iat=numeric_date(NOW), exp=numeric_date(NOW)))
    assert checked(token, now=moment).issued_at == moment
