"""The tour, against four processes; and what it leaves behind in logs and on the bus."""

import pytest

from deploy import tour
from deploy.tour.person import Person
from tests.support.suite import Suite


@pytest.mark.proves("EN-1", "ID-6", "LG-1", "NT-1", "NT-4", "NT-6")
@pytest.mark.proves("LG-2", part="trusted devices, and the practice clearing a lock")
@pytest.mark.proves("SE-1", part="the bound of a second is not measured under load yet")
@pytest.mark.proves("RC-3", part="a change of e-mail voiding links, which has no verb yet")
async def test_a_persons_way_is_played_to_its_end(suite: Suite) -> None:
    assert await tour.play(suite.addresses) == 0


@pytest.mark.proves("V16.2.5", "V14.2.1")
async def test_no_log_holds_what_is_personal_or_secret(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[Person] = []
    meet = Person.met_for_the_first_time

    def remember(*arguments: object) -> Person:
        met.append(meet(*arguments))  # type: ignore[arg-type]
        return met[-1]

    monkeypatch.setattr(Person, "met_for_the_first_time", remember)

    assert await tour.play(suite.addresses) == 0

    (person,) = met
    logs = "".join(
        file.read_text()
        for file in suite.stack.log("x").parent.glob("*.log")
        if file.stem != "catcher"
    )
    assert '"event"' in logs
    for secret in (
        person.username,
        person.address,
        person.password,
        person.birth_date,
        person.tokens["access_token"],
        person.tokens["refresh_token"],
        suite.addresses.practice.client_secret,
    ):
        assert secret not in logs
