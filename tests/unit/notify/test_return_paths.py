"""Return paths: written by us alone, and read as whatever server wrote them back."""

from uuid import UUID

import pytest

from services.notify.ledger.model import DeliveryId
from services.notify.sending.return_paths import Returned, ReturnPaths
from shared.contracts.addresses import mailable
from shared.trust.tokens import Digests

ONE, OTHER = DeliveryId(UUID(int=1)), DeliveryId(UUID(int=2))
PATHS = ReturnPaths.of("b" * 21 + "@bounces.example", Digests(b"k" * 32))
WRITTEN = PATHS.write(ONE)
LOCAL, DOMAIN = WRITTEN.split("@")


@pytest.mark.proves("NT-5")
def test_a_return_path_is_a_mailbox_and_says_whose_mail_it_was() -> None:
    assert mailable(WRITTEN) == WRITTEN
    assert len(LOCAL) == 64, "the longest that a setting may make"
    assert PATHS.find(WRITTEN) == Returned(delivery_id=ONE)
    assert PATHS.find(PATHS.write(OTHER, 3)) == Returned(delivery_id=OTHER, hop=3)


def test_a_server_may_change_the_case_of_it() -> None:
    assert PATHS.find(f"<{WRITTEN.upper()}>") == Returned(delivery_id=ONE)


def test_it_is_found_among_others() -> None:
    wrong = PATHS.write(OTHER).replace("+", "+" + "a" * 3)

    assert PATHS.find(f"Bounces <{wrong}>,\n {WRITTEN}, b@bounces.example") == Returned(
        delivery_id=ONE
    )


@pytest.mark.proves("NT-5")
@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        LOCAL,
        f"{'b' * 21}@{DOMAIN}",
        f"{'b' * 21}+@{DOMAIN}",
        f"{LOCAL[:-1]}@{DOMAIN}",
        f"{LOCAL}a@{DOMAIN}",
        f"{LOCAL[:-1]}1@{DOMAIN}",
        f"{LOCAL[:-1]}é@{DOMAIN}",
        f"{LOCAL}@other.example",
        f"c{LOCAL[1:]}@{DOMAIN}",
        ReturnPaths.of("b" * 21 + "@bounces.example", Digests(b"x" * 32)).write(ONE),
        *(
            f"{LOCAL[:place]}{'a' if LOCAL[place] != 'a' else 'b'}{LOCAL[place + 1 :]}@{DOMAIN}"
            for place in range(22, 63)
        ),
    ],
)
def test_what_was_not_written_here_is_nobody_s(address: str) -> None:
    assert PATHS.find(address) is None
