"""Thousands of passkeys' answers with something in them that is not as it was (MF-6)."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import cbor2
import pytest

from deploy.tour.authenticator import AT, ORIGIN, RP_ID, UP, UV, Authenticator, Json, b64, unb64
from services.identity.passkeys.authenticators import Authenticators
from services.identity.passkeys.model import AnswerRefused, Cause, RelyingParty
from tests.builders.passkeys import a_holder, ask_to_log_on
from tests.rigs.identity import Identity

pytestmark = pytest.mark.proves("MF-6")
ANSWERS = 4_000
DOOR = Authenticators(rp=RelyingParty(id=RP_ID, name="Portico", origins=(ORIGIN,)))
CHALLENGE = bytes(range(32))
OPTIONS: Json = {"challenge": b64(CHALLENGE), "user": {"id": b64(bytes(64))}}
Change = Callable[[random.Random, bytes], bytes]


def flipped(chance: random.Random, value: bytes) -> bytes:
    at = chance.randrange(len(value))
    return value[:at] + bytes([value[at] ^ (1 << chance.randrange(8))]) + value[at + 1 :]


def cut(chance: random.Random, value: bytes) -> bytes:
    return value[: chance.randrange(len(value))]


def longer(chance: random.Random, value: bytes) -> bytes:
    at = chance.randrange(len(value) + 1)
    return value[:at] + chance.randbytes(1 + chance.randrange(40)) + value[at:]


def another(chance: random.Random, value: bytes) -> bytes:
    return chance.randbytes(1 + chance.randrange(2 * len(value)))


CHANGES: tuple[Change, ...] = (flipped, cut, longer, another)


def changed(chance: random.Random, credential: Json) -> Json:
    """The same answer with one of its values another one, as bytes or as text; never the same."""
    while (wrong := tried(chance, credential)) == credential:
        pass
    return wrong


def tried(chance: random.Random, credential: Json) -> Json:
    response = dict(credential["response"])
    name = chance.choice([key for key, value in response.items() if isinstance(value, str)])
    if chance.random() < 0.1:
        part = chance.choice(("id", "rawId", "type"))
        return credential | {part: mistyped(chance, credential[part])}
    if chance.random() < 0.2:
        response[name] = mistyped(chance, response[name])
    else:
        response[name] = b64(chance.choice(CHANGES)(chance, unb64(response[name])))
    return credential | {"response": response}


def mistyped(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    return text[:at] + chance.choice("=+/ \x00é-_") + text[at:]


def test_of_4000_changed_answers_none_is_taken_and_none_escapes() -> None:
    """Each either says the same bytes as before, or is refused."""
    chance, browser = random.Random(6), Authenticator()
    browser.make(OPTIONS)
    key = browser.keys[-1]
    public = DOOR.read_new(browser.make(OPTIONS, private=key.private), CHALLENGE).public_key
    right = browser.answer(OPTIONS, key)
    found: Counter[str] = Counter()

    for _ in range(ANSWERS):
        wrong = changed(chance, right)
        try:
            signed = DOOR.read_signed(wrong, CHALLENGE, public)
        except AnswerRefused:
            found["refused"] += 1
        else:  # only its user handle may be another one, which is compared elsewhere
            assert signed.user_handle != key.user_handle
            assert wrong["response"] | {"userHandle": ""} == right["response"] | {"userHandle": ""}
            found["another handle"] += 1

    assert DOOR.read_signed(right, CHALLENGE, public).user_handle == key.user_handle
    assert found.total() == ANSWERS
    assert found["refused"] > ANSWERS * 0.7


def test_of_4000_changed_keys_none_escapes() -> None:
    """What is read as a key can be answered with; everything else is refused."""
    chance, browser = random.Random(5), Authenticator()
    made = browser.make(OPTIONS)
    found: Counter[str] = Counter()

    for _ in range(ANSWERS):
        wrong = changed(chance, made)
        try:
            key = DOOR.read_new(wrong, CHALLENGE)
        except AnswerRefused:
            found["refused"] += 1
            continue
        with pytest.raises(AnswerRefused):  # loads, and has signed nothing
            DOOR.read_signed(browser.answer(OPTIONS), bytes(32), key.public_key)
        found["another key"] += 1

    assert found["refused"] > ANSWERS * 0.7


def doubled(times: int) -> bytes:
    """A few bytes of CBOR that are 2 to that power once references in it are followed (RFC 8949's
    tags, "value sharing").
    """
    each = (b"\xd8\x1c\x82" + (b"\xd8\x1d" + cbor2.dumps(n)) * 2 for n in range(times - 1))
    return b"\x98" + bytes([times]) + b"\xd8\x1c\x81\x00" + b"".join(each)


def deep(times: int) -> bytes:
    return b"\x81" * times + b"\x00"


def tagged(tag: int) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(tag, b"\x01\x02"))


MANY = 64
ENDLESS = [kind + b"\x7f" + b"\xff" * 7 for kind in (b"\x5b", b"\x7b", b"\x9b", b"\xbb")]
WRITTEN = [doubled(MANY), deep(300), b"\xa1" * 5_000, tagged(2), tagged(7_777), *ENDLESS]
WRITTEN_AS = [
    *("doubled", "deep", "maps", "tagged", "tagged as nobody knows"),
    *("bytes without end", "text without end", "list without end", "map without end"),
]
ED = 128


@pytest.mark.parametrize("value", WRITTEN, ids=WRITTEN_AS)
def test_what_no_authenticator_writes_is_not_read_in_an_answer(value: bytes) -> None:
    """Found before anything is made of it: 200 bytes can stand for more than any memory has."""
    browser = Authenticator()
    public = DOOR.read_new(browser.make(OPTIONS), CHALLENGE).public_key
    browser.trailing = value

    with pytest.raises(AnswerRefused) as refused:
        DOOR.read_signed(browser.answer(OPTIONS, flags=UP | UV | ED), CHALLENGE, public)

    assert refused.value.cause is Cause.MALFORMED


@pytest.mark.parametrize("value", WRITTEN, ids=WRITTEN_AS)
@pytest.mark.parametrize("place", ["statement", "key", "extensions"])
def test_what_no_authenticator_writes_is_not_read_in_a_new_key(place: str, value: bytes) -> None:
    browser = Authenticator()
    made = browser.make(OPTIONS)
    attested = cbor2.loads(unb64(made["response"]["attestationObject"]))
    data = attested["authData"]
    if place == "statement":
        written = b"\xa3" + cbor2.dumps("fmt") + cbor2.dumps("none")
        written += cbor2.dumps("attStmt") + value + cbor2.dumps("authData") + cbor2.dumps(data)
    else:
        flags = UP | UV | AT | (ED if place == "extensions" else 0)
        kept = data if place == "extensions" else data[: 37 + 16 + 2 + 32]
        attested["authData"] = kept[:32] + bytes([flags]) + kept[33:] + value
        written = cbor2.dumps(attested)
    made["response"]["attestationObject"] = b64(written)

    with pytest.raises(AnswerRefused) as refused:
        DOOR.read_new(made, CHALLENGE)

    assert refused.value.cause is Cause.MALFORMED


@pytest.mark.parametrize(
    "browser",
    [
        {"origin": "https://evil.example"},
        {"origin": f"https://sub.{RP_ID}"},
        {"rp_id": "evil.example"},
        {"said": {"crossOrigin": True}},
        {"said": {"crossOrigin": None}},
        {"said": {"topOrigin": ORIGIN}},
        {"said": {"type": "webauthn.get"}},
        {"said": {"challenge": b64(bytes(32))}},
    ],
    ids=str,
)
@pytest.mark.proves("MF-5")
def test_a_key_that_was_made_elsewhere_or_for_something_else_is_none(browser: Json) -> None:
    with pytest.raises(AnswerRefused):
        DOOR.read_new(Authenticator(**browser).make(OPTIONS), CHALLENGE)


@pytest.mark.parametrize("part", ["id", "rawId"])
def test_a_credential_is_named_the_same_twice(part: str) -> None:
    browser = Authenticator()
    made = browser.make(OPTIONS)
    public = DOOR.read_new(made, CHALLENGE).public_key
    right = browser.answer(OPTIONS)

    for wrong in (right[part] + "=", f"{right[part]}A", b64(b"another")):
        with pytest.raises(AnswerRefused):
            DOOR.read_signed(right | {part: wrong}, CHALLENGE, public)
        with pytest.raises(AnswerRefused):
            DOOR.read_new(made | {part: wrong}, CHALLENGE)


def test_extensions_that_nobody_asked_for_are_passed_over() -> None:
    browser = Authenticator()
    public = DOOR.read_new(browser.make(OPTIONS), CHALLENGE).public_key
    browser.trailing = cbor2.dumps({"credProtect": 2})

    signed = DOOR.read_signed(browser.answer(OPTIONS, flags=UP | UV | ED), CHALLENGE, public)

    assert not signed.synced


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": "", "response": {}},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": None},
        {"id": "AA", "rawId": "AA", "type": "x", "response": {"clientDataJSON": "W10"}},
    ],
    ids=str,
)
def test_what_is_no_answer_at_all_is_refused(credential: Json) -> None:
    for read in (
        lambda: DOOR.read_new(credential, CHALLENGE),
        lambda: DOOR.read_signed(credential, CHALLENGE, bytes(77)),
    ):
        with pytest.raises(AnswerRefused):
            read()


async def test_an_answer_that_stands_for_more_than_any_memory_has_is_refused_at_the_door(
    identity: Identity,
) -> None:
    june = await a_holder(identity)
    await june.made()
    june.authenticator.trailing = doubled(MANY)

    assert (await june.log_on(changed={"flags": UP | UV | ED})).refused() == (
        403,
        "passkey_invalid",
    )
    [row] = await identity.rows(
        "SELECT detail FROM audit_entries WHERE action = 'log-on.passkey' AND outcome = 'refused'"
    )
    assert row["detail"] == Cause.MALFORMED


async def test_a_hundred_of_them_at_the_door_are_refused_alike_counted_and_audited(
    identity: Identity,
) -> None:
    june = await a_holder(identity)
    await june.made()
    chance = random.Random(7)
    told: Counter[Any] = Counter()

    for number in range(100):
        body = june.answer(await ask_to_log_on(identity))
        body["credential"] = changed(chance, body["credential"])
        source = f"198.51.100.{number}"
        answer = await identity.call("POST", "/sessions/passkey", body, source=source)
        told[answer.refused()] += 1

    looked_at = told[(403, "passkey_invalid")] + told[(403, "passkey_unknown")]
    assert {status for status, _ in told} <= {400, 403}, told
    assert told[(403, "passkey_invalid")] > 80
    assert len(await identity.rows("SELECT FROM source_budget")) == 100
    rows = await identity.rows(
        "SELECT FROM audit_entries WHERE action = 'log-on.passkey' AND outcome = 'refused'"
    )
    assert len(rows) >= looked_at
    making = 1
    assert len(await identity.rows("SELECT FROM spent_ceremonies")) == looked_at + making, told
