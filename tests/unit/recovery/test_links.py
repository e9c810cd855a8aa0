import pytest

from services.recovery.links.model import life_minutes


@pytest.mark.proves("RC-3")
@pytest.mark.parametrize(
    ("practices", "minutes"),
    [
        ((), 60),
        ((60,), 60),
        ((1440, 30, 90), 30),
        ((15,), 15),
        ((1440,), 1440),
        ((14,), 15),
        ((1441,), 1440),
        ((1440, None), 15),
    ],
)
def test_a_links_life_is_the_shortest_of_the_accounts_practices(
    practices: tuple[int | None, ...], minutes: int
) -> None:
    assert life_minutes(practices) == minutes
