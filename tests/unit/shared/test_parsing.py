"""Bad input: each wrong field is named with a stable code; nothing extra passes."""

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid, Refused, Violation
from shared.http import parsing
from shared.http.problems import BodyInvalid, ContentTypeUnsupported, MalformedBody, RouteUnknown
from shared.http.routes import Body, Form, NoBody


class Colour(StrEnum):
    RED = "red"


class Inner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    count: Annotated[int, msgspec.Meta(ge=1, le=5)]


class Order(Body, frozen=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(min_length=2, max_length=5)]
    day: date
    id: UUID
    colour: Colour = Colour.RED
    inner: Inner | None = None
    many: Annotated[tuple[Inner, ...], msgspec.Meta(max_length=2)] = ()


class DayImpossible(Invalid):
    """No day at all."""


Day = Annotated[date, msgspec.Meta(extra={"refused_as": DayImpossible})]


class Stay(Body, frozen=True, kw_only=True):
    first: Day
    last: Day | None = None
    extra: Day | msgspec.UnsetType = msgspec.UNSET
    rooms: int = 1


class TokenRequest(Body, frozen=True, kw_only=True):
    grant_type: str
    scope: str | None = None
    resource: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=9)], ...], msgspec.Meta(max_length=2)
    ] = ()


ORDER = {"name": "Anna", "day": "2031-03-05", "id": "00000000-0000-0000-0000-000000000007"}


def read(body: object) -> Body:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return parsing.read_body(Order, Form.JSON, raw, content_type="application/json", coding=None)


def violations(body: object, error: type[Refused] = BodyInvalid) -> Sequence[Violation]:
    with pytest.raises(error) as raised:
        read(body)
    return raised.value.violations


def wrongs(body: object, error: type[Refused] = BodyInvalid) -> dict[str, str]:
    return {violation.field: violation.code for violation in violations(body, error)}


def test_a_good_body_is_read() -> None:
    assert read(ORDER) == Order(name="Anna", day=date(2031, 3, 5), id=UUID(int=7))


@pytest.mark.parametrize(
    ("change", "field", "code", "params"),
    [
        ({"nmae": "x"}, "nmae", "field_unknown", {}),
        ({"name": 7}, "name", "field_wrong_type", {}),
        ({"name": None}, "name", "field_wrong_type", {}),
        ({"name": "A"}, "name", "field_too_short", {"minimum": 2}),
        ({"name": "Annabel"}, "name", "field_too_long", {"maximum": 5}),
        ({"day": "5.3.2031"}, "day", "field_wrong_format", {}),
        ({"day": "2031-02-30"}, "day", "field_wrong_format", {}),
        ({"id": "7"}, "id", "field_wrong_format", {}),
        ({"colour": "green"}, "colour", "field_not_allowed", {}),
        ({"inner": {"count": 6}}, "inner.count", "field_out_of_range", {"maximum": 5}),
        ({"inner": {"count": -7}}, "inner.count", "field_out_of_range", {"minimum": 1}),
        ({"inner": {}}, "inner.count", "field_missing", {}),
        ({"inner": {"count": 1, "x": 1}}, "inner.x", "field_unknown", {}),
        ({"many": [{"count": 1}, {"count": "1"}]}, "many[1].count", "field_wrong_type", {}),
        ({"many": [{"count": 1}] * 3}, "many", "field_too_long", {"maximum": 2}),
        ({"name": "a\x00b"}, "name", "field_wrong_format", {}),
    ],
)
def test_a_wrong_field_is_named_by_path_and_code_and_the_end_of_its_range(
    change: dict[str, object], field: str, code: str, params: dict[str, int]
) -> None:
    [wrong] = violations(ORDER | change)

    assert (wrong.field, wrong.code, wrong.params) == (field, code, params)


@pytest.mark.parametrize("name", ["first", "last", "extra"])
@pytest.mark.parametrize("typed", ["2031-02-30", "5.3.2031", ""])
def test_a_field_that_says_what_it_is_refused_as_is_refused_as_that(name: str, typed: str) -> None:
    with pytest.raises(DayImpossible) as raised:
        parsing.from_json(Stay, msgspec.json.encode({"first": "2031-03-05"} | {name: typed}))

    [wrong] = raised.value.violations
    assert (wrong.field, wrong.code) == (name, "day_impossible")
    assert (typed or "2031") not in wrong.detail


def test_two_such_fields_are_refused_as_one() -> None:
    with pytest.raises(DayImpossible) as raised:
        parsing.from_json(Stay, b'{"first": "x", "last": "y"}')

    assert [wrong.field for wrong in raised.value.violations] == ["first", "last"]


def test_beside_another_wrong_field_it_is_named_among_them() -> None:
    with pytest.raises(BodyInvalid) as raised:
        parsing.from_json(Stay, b'{"first": "x", "rooms": "two"}')

    assert {wrong.field: wrong.code for wrong in raised.value.violations} == {
        "first": "day_impossible",
        "rooms": "field_wrong_type",
    }


@pytest.mark.parametrize(
    ("given", "code"), [({}, "field_missing"), ({"first": 7}, "field_wrong_type")]
)
def test_what_is_missing_or_no_text_is_no_refusal_of_its_own(
    given: dict[str, object], code: str
) -> None:
    with pytest.raises(BodyInvalid) as raised:
        parsing.from_json(Stay, msgspec.json.encode(given))

    assert [wrong.code for wrong in raised.value.violations] == [code]


def test_every_wrong_field_is_named_not_only_the_first() -> None:
    found = wrongs({"name": 1, "day": "x", "colour": "green", "extra": True})

    assert found == {
        "extra": "field_unknown",
        "name": "field_wrong_type",
        "day": "field_wrong_format",
        "id": "field_missing",
        "colour": "field_not_allowed",
    }


def test_a_detail_never_repeats_the_value() -> None:
    found = violations(ORDER | {"colour": "hunter2", "id": "hunter2", "name": "hunter2"})

    assert "hunter2" not in str([violation.detail for violation in found])


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"name=Anna",
        b'{"name": NaN}',
        b"\xff\xfe{\x00}\x00",
        b'{"name": "\xff"}',
        b'\xef\xbb\xbf{"name": "Anna"}',
        b"[" * 50000,
        b'{"a":' * 20000,
        b"1" * 6000,
    ],
)
def test_what_is_no_json_is_refused_as_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedBody):
        read(raw)


@pytest.mark.parametrize("depth", [33, 490, 900])
@pytest.mark.parametrize(("opening", "closing"), [(b'{"inner":', b"}"), (b"[", b"]")])
def test_a_body_nested_too_deep_is_refused_before_anything_walks_it(
    opening: bytes, closing: bytes, depth: int
) -> None:
    [wrong] = violations(opening * depth + b"1" + closing * depth)

    assert (wrong.field, wrong.code, wrong.params) == ("", "body_too_deep", {"maximum": 32})


@pytest.mark.parametrize("names", [1001, 8190])
def test_a_body_of_too_many_values_is_refused(names: int) -> None:
    for body in ({str(n): 0 for n in range(names)}, {"many": [{"count": 1}] * (names // 2)}):
        [wrong] = violations(body)
        assert (wrong.code, wrong.params) == ("body_too_many_values", {"maximum": 1000})


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ([f'"{n}{"x" * 2000}":0' for n in range(25)], BodyInvalid),
        ([f'"{n}{"x" * 2000}":"\\ud800"' for n in range(25)], BodyInvalid),
        ([f'"{n % 25}{"x" * 2000}":0' for n in range(50)], MalformedBody),
    ],
)
def test_only_twenty_violations_are_told_each_with_a_path_cut_short(
    members: list[str], error: type[Refused]
) -> None:
    found = wrongs(f"{{{','.join(members)}}}".encode(), error)

    assert [len(field) for field in found] == [200] * 20


@pytest.mark.parametrize("raw", [b"[]", b'"x"', b"7", b"null"])
def test_json_that_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(BodyInvalid):
        read(raw)


def test_a_name_that_stands_twice_is_refused_and_named() -> None:
    raw = b'{"name": "Anna", "name": "Beth", "inner": {"count": 1, "count": 2}}'

    assert wrongs(raw, MalformedBody) == dict.fromkeys(("name", "inner.count"), "field_duplicate")


def test_half_a_surrogate_pair_is_refused_since_no_database_holds_it() -> None:
    raw = msgspec.json.encode(ORDER).replace(b"Anna", b"\\ud800a")

    assert wrongs(raw) == {"name": "field_wrong_format"}


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_but_a_refusal(raw: bytes) -> None:
    with suppress(Refused):
        read(raw)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_json_at_all_raises_anything_but_a_refusal(value: object) -> None:
    with suppress(Refused):
        read({**ORDER, "inner": value, "name": value})


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        ("application/json; charset=utf-8", True),
        ("Application/JSON", True),
        ('application/json;charset="UTF-8"', True),
        ("application/json; profile=x; charset=us-ascii", True),
        (None, False),
        ("", False),
        ("text/plain", False),
        ("application/x-www-form-urlencoded", False),
        ("application/json; charset=utf-16", False),
        ("application/jsonp", False),
        ("application/json; a*=b''c; a*0=d", False),
        ("application/json; charset*=utf-8''x; charset*0*=y", False),
        ("application/json; charset*=bogus''x", False),
        ("application/json; charset=utf-8; charset=utf-16", False),
        ("application/json" + "; a=b" * 1500 + "; =", False),
    ],
)
def test_the_content_type_is_compared_as_http_says(content_type: str | None, taken: bool) -> None:
    refused = nullcontext() if taken else pytest.raises(ContentTypeUnsupported)

    with refused:
        parsing.check_content_type(Form.JSON, content_type, None)


def test_a_verb_without_a_body_takes_none_or_an_empty_object() -> None:
    def taken(raw: bytes) -> Body:
        return parsing.read_body(
            NoBody, Form.JSON, raw, content_type="application/json", coding=None
        )

    assert taken(b"") == taken(b"{}") == NoBody()
    with pytest.raises(BodyInvalid):
        taken(b'{"x": 1}')


def form(text: str) -> Body:
    return parsing.read_body(
        TokenRequest,
        Form.URLENCODED,
        text.encode(),
        content_type=Form.URLENCODED.value,
        coding=None,
    )


def test_a_form_ignores_unknown_and_empty_parameters_as_oauth_says() -> None:
    read_back = form("grant_type=client_credentials&scope=&audience=x")

    assert read_back == TokenRequest(grant_type="client_credentials")


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("", ()),
        ("&resource=", ()),
        ("&resource=merge", ("merge",)),
        ("&resource=merge&resource=&resource=notify", ("merge", "notify")),
    ],
)
def test_what_a_verb_takes_a_list_of_may_stand_several_times_in_a_form(
    text: str, resource: tuple[str, ...]
) -> None:
    assert form(f"grant_type=a{text}") == TokenRequest(grant_type="a", resource=resource)


@pytest.mark.parametrize(
    ("text", "field", "code"),
    [
        ("grant_type=a&resource=a&resource=b&resource=c", "resource", "field_too_long"),
        ("grant_type=a&resource=a&resource=%00", "resource[1]", "field_wrong_format"),
        ("grant_type=a&resource=a&resource=recoveries", "resource[1]", "field_too_long"),
        ("scope=a", "grant_type", "field_missing"),
        ("grant_type=a&grant_type=b", "grant_type", "field_duplicate"),
        ("grant_type=%00", "grant_type", "field_wrong_format"),
        ("grant_type=%ff", "", "field_wrong_format"),
        ("grant_type", "", "field_wrong_format"),
        ("&".join(["grant_type=a"] * 60), "", "field_wrong_format"),
    ],
)
def test_a_wrong_form_is_named_too(text: str, field: str, code: str) -> None:
    with pytest.raises(BodyInvalid) as raised:
        form(text)

    assert [(wrong.field, wrong.code) for wrong in raised.value.violations] == [(field, code)]


def test_a_query_takes_each_declared_parameter_once() -> None:
    assert parsing.read_query(("after",), [("after", "7")]) == {"after": "7"}
    with pytest.raises(BodyInvalid) as raised:
        parsing.read_query(("after",), [("after", "7"), ("after", "8"), ("x", "\x00")])

    assert {(wrong.field, wrong.code) for wrong in raised.value.violations} == {
        ("query.after", "field_duplicate"),
        ("query.x", "field_wrong_format"),
        ("query.x", "field_unknown"),
    }


def test_a_path_that_no_id_of_ours_can_be_names_nothing() -> None:
    assert parsing.read_path({"id": str(UUID(int=7))}, {}) == {"id": UUID(int=7)}
    for text in ("7", "a\x00"):
        with pytest.raises(RouteUnknown):
            parsing.read_path({"id": text}, {})
