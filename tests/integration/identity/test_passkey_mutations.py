"""Thousands of passkeys' answers with something in them that is not as it was (MF-6)."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from deploy.tour.authenticator import ORIGIN, RP_ID, Authenticator, Json, b64, unb64
from services.identity.passkeys.authenticators import Authenticators
from services.identity.passkeys.model import AnswerRefused, RelyingParty
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
    """The same answer with one of its values another one, as bytes or as text."""
    response = dict(credential["response"])
    name = chance.choice([key for key, value in response.items() if isinstance(value, str)])
    if chance.random() < 0.2:
        text = response[name]
        at = chance.randrange(len(text))
        response[name] = text[:at] + chance.choice("=+/ \x00é-_") + text[at:]
    else:
        response[name] = b64(chance.choice(CHANGES)(chance, unb64(response[name])))
    return credential | {"response": response}


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
        if wrong == right:
            continue
        try:
            signed = DOOR.read_signed(wrong, CHALLENGE, public)
        except AnswerRefused:
            found["refused"] += 1
        else:  # only its user handle may be another one, which is compared elsewhere
            assert signed.user_handle != key.user_handle
            assert wrong["response"] | {"userHandle": ""} == right["response"] | {"userHandle": ""}
            found["another handle"] += 1

    assert DOOR.read_signed(right, CHALLENGE, public).user_handle == key.user_handle
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


async def test_a_hundred_of_them_at_the_door_are_refused_alike(identity: Identity) -> None:
    june = await a_holder(identity)
    await june.made()
    chance = random.Random(7)
    told: Counter[Any] = Counter()

    for _ in range(100):
        body = june.answer(await ask_to_log_on(identity))
        body["credential"] = changed(chance, body["credential"])
        answer = await identity.call("POST", "/sessions/passkey", body)
        told[answer.refused()] += 1

    assert set(told) <= {(403, "passkey_invalid"), (400, "body_invalid"), (400, "malformed_body")}
    assert told[(403, "passkey_invalid")] > 80
