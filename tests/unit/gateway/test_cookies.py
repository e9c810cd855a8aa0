import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from deploy.gateway import session
from deploy.gateway.doors.identity import Gate
from deploy.gateway.session import Kept
from deploy.gateway.web.cookies import LARGEST, CookieTooLarge, Jar, Sealer
from shared.randomness import Randomness

KEY, OTHER = bytes(range(32)), bytes(range(32, 64))
SEALER = Sealer([KEY], Randomness())


class Note(msgspec.Struct, frozen=True):
    text: str


class OtherNote(msgspec.Struct, frozen=True):
    text: str


SEALED = SEALER.seal("a", Note("hello"))


def test_a_cookie_opens_under_its_own_name_and_as_its_own_kind_alone() -> None:
    assert SEALER.open("a", Note, SEALED) == Note("hello")

    assert SEALER.open("b", Note, SEALED) is None
    assert SEALER.open("a", OtherNote, SEALED) is None
    assert "hello" not in SEALED


@given(st.integers(0, len(SEALED) - 1), st.characters(codec="utf-8"))
def test_a_cookie_that_was_changed_anywhere_does_not_open(place: int, symbol: str) -> None:
    changed = SEALED[:place] + symbol + SEALED[place + 1 :]

    # The last symbol of base64 has bits that mean nothing: then it is the same cookie.
    opened = SEALER.open("a", Note, changed)

    assert (
        opened is None
        or (opened == Note("hello") and place == len(SEALED) - 1)
        or (changed == SEALED)
    )


@given(st.text(max_size=200))
def test_what_is_no_cookie_of_ours_does_not_open_and_breaks_nothing(text: str) -> None:
    assert SEALER.open("a", Note, text) is None
    assert SEALER.open("a", Note, "v1." + text) is None


def test_a_retired_key_opens_and_no_longer_seals() -> None:
    rotated = Sealer([OTHER, KEY], Randomness())

    assert rotated.open("a", Note, SEALED) == Note("hello")
    assert SEALER.open("a", Note, rotated.seal("a", Note("new"))) is None
    assert Sealer([OTHER], Randomness()).open("a", Note, SEALED) is None


def test_a_cookie_that_browsers_would_drop_is_refused() -> None:
    with pytest.raises(CookieTooLarge):
        SEALER.seal("a", Note("x" * LARGEST))


def test_a_session_with_a_token_for_each_of_four_services_fits() -> None:
    kept = Kept(
        session_id="0" * 36,
        access=dict.fromkeys(("identity", "recovery", "merge", "notify"), "x" * 560),
        refresh="r" * 43,
        gates=(Gate(name="account-email", required=False),) * 8,
        scope="full",
        refreshed_at=1_800_000_000,
        idle_until=1_800_000_000,
        ends_at=1_800_000_000,
    )

    assert len(SEALER.seal(f"__Host-{session.COOKIE}", kept)) < LARGEST


@pytest.mark.parametrize(("secure", "name"), [(True, "__Host-n"), (False, "n")])
def test_a_deletion_has_the_attributes_it_was_set_with(secure: bool, name: str) -> None:
    def written(sent: dict[str, str]) -> str:
        jar = Jar(sent=sent, sealer=SEALER, secure=secure)
        response = web.Response()
        if sent:
            jar.delete("n")
        else:
            jar.write("n", "v", seconds=None)
        jar.put_on(response)
        return response.cookies[name].OutputString()

    kept, deleted = written({}), written({name: "v"})

    for attribute in ("HttpOnly", "Path=/", "SameSite=Lax"):
        assert attribute in kept
        assert attribute in deleted
    assert ("Secure" in kept) is ("Secure" in deleted) is secure
    assert "Domain" not in kept
    assert "Max-Age=0" in deleted


def test_nothing_is_deleted_that_the_browser_has_not_sent() -> None:
    jar = Jar(sent={}, sealer=SEALER, secure=False)

    jar.delete("n")

    assert not jar.changes
