"""The only wait that tests have."""

import pytest

from deploy.client.eventually import eventually


async def test_an_assertion_is_tried_again_until_it_holds() -> None:
    tries: list[int] = []

    def third() -> str:
        tries.append(1)
        assert len(tries) == 3
        return "held"

    assert await eventually(third, pause=0) == "held"


async def test_the_last_failure_is_raised_when_time_is_over() -> None:
    async def never() -> None:
        raise AssertionError("not yet")

    with pytest.raises(AssertionError, match="not yet"):
        await eventually(never, within=0.01, pause=0)


async def test_a_mistake_is_not_waited_for() -> None:
    tries: list[int] = []

    def mistaken() -> None:
        tries.append(1)
        raise KeyError("typo")

    with pytest.raises(KeyError):
        await eventually(mistaken)

    assert len(tries) == 1
