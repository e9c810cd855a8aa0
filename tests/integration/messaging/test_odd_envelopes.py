"""Whatever a body holds, settling never raises, and the good ones beside it take effect."""

from collections.abc import Iterator
from random import Random
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.identity import ACCOUNT_CHANGED
from shared.messaging.dead_letters import list_dead
from shared.messaging.messages import Delivery
from tests.contract.golden import sample_path
from tests.integration.messaging.conftest import Replica, an_account
from tests.support.deliveries import delivered

ODD: tuple[bytes, ...] = (
    *(b"null", b"true", b"0", b"-1", b"1.5", b'""', b"[]", b"{}", b"[[[]]]", b'{"a": {}}'),
    *(b"1e400", b"-1e400", b"NaN", b"Infinity", b"9" * 5000, b"-" + b"9" * 30),
    *(b"9223372036854775807", b"9223372036854775808", b"2147483648", b"0.1e-999"),
    *(b'"nul \\u0000 inside"', b'"lone \\ud800 surrogate"', b'"\\u202e"', b'"\xff"', b'"\xc3"'),
    *(b'"' + b"x" * 100_000 + b'"', b"[" * 2000 + b"]" * 2000, b'"00000000-0000-0000"'),
    *(b'"2031-03-05T09:00:00"', b'"2031-03-05T09:00:00+14:00"', b'"2031-03-05"'),
    *(b'"0001-01-01T00:00:00+14:00"', b'"9999-12-31T23:59:59.999999-12:00"', b'"24:00"'),
    *(b'"2031-02-30T00:00:00Z"', b'"-4714-01-01T00:00:00Z"', b'"2031-03-05T09:00:60Z"'),
    *(b'"294277-01-01T00:00:00Z"', b'"portico.identity.account-changed.v1"', b'"1.0"'),
)
FIELDS = (
    *("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"),
    *("aggregateversion", "correlationid", "causationid", "traceparent", "unheard_of"),
)
DATA = ("account_id", "state", "security_version", "locale", "time_zone", "enrolments", "username")


def whole() -> dict[str, Any]:
    """An envelope as identity writes it."""
    subject = uuid4()
    sample: dict[str, Any] = msgspec.json.decode(sample_path(ACCOUNT_CHANGED).read_bytes())
    data = msgspec.to_builtins(an_account(subject))
    return {
        **sample,
        "id": str(uuid4()),
        "subject": str(subject),
        "aggregateversion": 1,
        "data": data,
    }


def a_body(**odd: bytes) -> bytes:
    """One with these values in place of its own, as they are."""
    envelope = whole()
    fields = {name: msgspec.json.encode(value) for name, value in envelope.items()} | odd
    return b"{" + b",".join(b'"%s":%s' % (k.encode(), v) for k, v in fields.items()) + b"}"


def odd_bodies() -> Iterator[bytes]:
    """Each field with each odd value; some with several, cut short, doubled."""
    chance = Random(8)
    for field in FIELDS:
        yield from (a_body(**{field: value}) for value in ODD)
    for field in DATA:
        data = whole()["data"]
        rest = {name: msgspec.json.encode(value) for name, value in data.items() if name != field}
        for value in ODD:
            pairs = (b'"%s":%s' % (k.encode(), v) for k, v in {**rest, field: value}.items())
            yield a_body(data=b"{" + b",".join(pairs) + b"}")
    for _ in range(200):
        chosen = chance.sample(FIELDS, chance.randint(2, 5))
        yield a_body(**{field: chance.choice(ODD) for field in chosen})
    for _ in range(100):
        body = a_body()
        yield body[: chance.randrange(len(body))]
        yield body[:-1] + b',"time":' + chance.choice(ODD) + b"}"
        at = chance.randrange(len(body))
        yield body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]


async def test_no_envelope_makes_a_batch_fail_and_the_good_ones_beside_it_take_effect(
    merge: Replica,
) -> None:
    odd = list(odd_bodies())
    Random(3).shuffle(odd)
    good = []

    for start in range(0, len(odd), 24):
        before, after = whole(), whole()
        good += [before["subject"], after["subject"]]
        batch = [msgspec.json.encode(before), *odd[start : start + 24], msgspec.json.encode(after)]
        await merge.intake.settle([delivered(body) for body in batch])
        await merge.retry()
        await merge.drainer.settle([delivered(body) for body in batch])

    took_effect = {subject for subject, _ in await merge.effects()}
    assert set(good) <= took_effect
    letters = await list_dead(merge.database, limit=10_000)
    assert {letter.reason for letter in letters} >= {"unreadable", "schema", "wrong_publisher"}


@pytest.mark.parametrize(
    ("content_type", "heard"),
    [
        (CONTENT_TYPE, True),
        ("Application/CloudEvents+JSON; charset=UTF-8", True),
        ("application/json", False),
        ("application/cloudevents+avro", False),
        ("", False),
        (None, False),
    ],
)
async def test_what_does_not_say_that_it_is_an_envelope_is_not_read(
    merge: Replica, content_type: str | None, heard: bool
) -> None:
    told = Delivery(0, "identity.events", a_body(), publisher="identity", content_type=content_type)

    await merge.intake.settle([told])

    assert len(await merge.effects()) == heard
    assert [reason for reason, _ in await merge.dead()] == ([] if heard else ["unreadable"])
