from types import SimpleNamespace
from typing import Any, cast

import pytest

from deploy.gateway.desk import dormancy
from deploy.gateway.desk.site import Desk, Staffed
from deploy.gateway.web.forms import Filled


async def listed_for(query: str, typed: dict[str, str]) -> int:
    """For how many months the page lists."""
    asked: list[int] = []

    async def dormant(visit: object, client: object, months: int) -> Any:
        asked.append(months)
        return SimpleNamespace(patients=(), next=None)

    desk = SimpleNamespace(
        system=SimpleNamespace(dormant=dormant),
        page=lambda *_, **values: values["months"],
    )
    visit = SimpleNamespace(
        request=SimpleNamespace(query={"months": query}), desk=SimpleNamespace(client=None)
    )
    filled = Filled(key="key", typed=typed)
    shown: Any = await dormancy.show(cast(Desk, desk), cast(Staffed, visit), filled)
    assert asked == [shown]
    return asked[0]


async def test_a_refusal_lists_those_of_the_months_that_were_sent() -> None:
    """Else the button pressed again would un-enrol others than those who were looked at."""
    assert await listed_for("", {"months": "24"}) == 24


@pytest.mark.parametrize("query", ["", "0", "241", "two", "1" * 5000])
async def test_no_number_of_months_is_a_year(query: str) -> None:
    assert await listed_for(query, {}) == dormancy.MONTHS
