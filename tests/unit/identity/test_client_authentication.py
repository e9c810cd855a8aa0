"""How a client's id and secret are read (RFC 6749 2.3.1)."""

import base64

import pytest

from services.identity.practices.client_tokens import Presented, presented_by
from services.identity.practices.errors import TwoAuthentications


def basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


@pytest.mark.proves("ST-1")
@pytest.mark.parametrize(
    ("pair", "client_id", "secret"),
    [
        ("desk:s3cret", "desk", "s3cret"),
        ("desk:with:colon", "desk", "with:colon"),
        ("a%3Ab:c%2Bd+e", "a:b", "c+d e"),
        (":", "", ""),
    ],
)
def test_the_basic_pair_is_form_encoded_inside(pair: str, client_id: str, secret: str) -> None:
    found = presented_by(basic(pair), None, None)

    assert found == Presented(client_id=client_id, secret=secret)


@pytest.mark.parametrize(
    "header", ["Bearer abc", "Basic", "Basic ???", "Basic /w==", basic("no colon"), ""]
)
def test_a_header_that_cannot_be_read_is_no_authentication(header: str) -> None:
    assert presented_by(header, None, None) is None


@pytest.mark.parametrize(("client_id", "secret"), [(None, None), ("desk", None), (None, "s3cret")])
def test_half_an_authentication_in_the_body_is_none(
    client_id: str | None, secret: str | None
) -> None:
    assert presented_by(None, client_id, secret) is None


@pytest.mark.parametrize(("client_id", "secret"), [("desk", "s3cret"), ("other", None)])
def test_two_authentications_in_one_request_are_refused(client_id: str, secret: str | None) -> None:
    with pytest.raises(TwoAuthentications):
        presented_by(basic("desk:s3cret"), client_id, secret)


def test_the_client_id_may_stand_beside_the_header() -> None:
    assert presented_by(basic("desk:s3cret"), "desk", None) == Presented(
        client_id="desk", secret="s3cret"
    )
