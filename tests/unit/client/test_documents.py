"""The gateway's view: what a document says of a reply is held against the reply."""

from dataclasses import replace
from itertools import repeat

import pytest

from deploy.client.documents import FORM, ContractBroken, Operation, check_formats, encoded

READ = Operation(
    name="read_account",
    method="GET",
    path="/account",
    described={},
    components={},
    addresses=repeat("http://127.0.0.1:9"),
    replicas=1,
)


def check(form: str, value: object) -> None:
    READ.check({"type": "string", "format": form}, value, "reply 200")


@pytest.mark.parametrize(
    "value",
    ["2031-03-05T09:00:00Z", "2031-03-05T09:00:00.123456+00:00", "2031-03-05T09:00:00-05:00"],
)
def test_a_timestamp_with_its_offset_is_taken(value: str) -> None:
    check("date-time", value)


@pytest.mark.parametrize(
    "value",
    [
        "2031-03-05T09:00:00",  # of which zone?
        "2031-03-05 09:00:00Z",
        "2031-02-30T09:00:00Z",
        "2031-03-05T25:00:00Z",
        "20310305T090000Z",
        "2031-03-05",
        "soon",
        "",
    ],
)
def test_a_timestamp_that_is_none_or_has_no_offset_is_found(value: str) -> None:
    with pytest.raises(ContractBroken, match="read_account: reply 200"):
        check("date-time", value)


def test_a_list_stands_in_a_form_once_for_each_of_it() -> None:
    obtain = replace(READ, described={"requestBody": {"content": {FORM: {}}}})

    assert encoded(obtain, {"a": "x y", "resource": ["b", "c"]}) == b"a=x%20y&resource=b&resource=c"


@pytest.mark.parametrize("form", ["date", "uuid"])
def test_every_other_format_of_the_documents_is_checked_too(form: str) -> None:
    with pytest.raises(ContractBroken):
        check(form, "2031-02-30")


def test_a_format_that_nobody_checks_is_a_mistake_and_not_a_pass() -> None:
    document = {"schemas": [{"type": "string", "format": "iban"}]}

    with pytest.raises(ContractBroken, match="shop: nobody checks the format iban"):
        check_formats("shop", document)
