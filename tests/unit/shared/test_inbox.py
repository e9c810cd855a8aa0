"""NT-9: a practice's system is named by its user, and may write its own routing key alone."""

import re
from uuid import UUID

import msgspec
import pytest

from services.notify.communications.api.communications import SubmitCommunication
from shared.contracts.ids import PracticeId
from shared.contracts.inbox import PracticeCommunication, System

PRACTICE, CLIENT = PracticeId(UUID(int=0xA)), UUID(int=0xB)
SYSTEM = System(practice_id=PRACTICE, client_id=CLIENT)


def test_a_user_s_name_says_whose_it_is() -> None:
    assert System.of_user(SYSTEM.user) == SYSTEM


@pytest.mark.parametrize(
    "user",
    [
        "",
        "notify",
        "practice",
        f"practice.{PRACTICE}",
        f"service.{PRACTICE}.{CLIENT}",
        f"practice.{PRACTICE}.{CLIENT}.",
        f"practice.{PRACTICE}.{CLIENT}".upper(),
        f"practice.{PRACTICE.hex}.{CLIENT}",
        f"practice.{{{PRACTICE}}}.{CLIENT}",
        f"practice.{PRACTICE}.chart",
    ],
)
def test_any_other_name_is_nobodys(user: str) -> None:
    assert System.of_user(user) is None


@pytest.mark.parametrize(
    "key",
    [
        "",
        "communications",
        "communications.*",
        "communications.#",
        f"communications.{UUID(int=0xC)}",
        f"communications.{PRACTICE}.more",
        f"xcommunications.{PRACTICE}",
        f"communicationsx{PRACTICE}",
    ],
)
def test_it_may_write_no_routing_key_but_its_own(key: str) -> None:
    may = SYSTEM.topic_permissions["write"]

    assert re.search(may, SYSTEM.routing_key)
    assert not re.search(may, key)


@pytest.mark.parametrize("exchange", ["", "amq.default", "notify.events", "practicesxinbox"])
def test_it_may_write_no_exchange_but_the_inbox(exchange: str) -> None:
    assert not re.search(SYSTEM.permissions["write"], exchange)
    assert SYSTEM.permissions["configure"] == SYSTEM.permissions["read"] == "^$"


def test_what_is_said_on_the_bus_is_what_is_said_over_http() -> None:
    [on_the_bus], _ = msgspec.json.schema_components([PracticeCommunication])
    bodies = [
        msgspec.json.schema(kind)["$defs"][kind.__name__]
        for kind in (PracticeCommunication, SubmitCommunication)
    ]

    assert on_the_bus["$ref"].endswith("PracticeCommunication")
    assert bodies[0]["properties"] == bodies[1]["properties"]
    assert bodies[0]["required"] == bodies[1]["required"]
    assert bodies[0]["additionalProperties"] is bodies[1]["additionalProperties"] is False
