import json

import msgspec
import pytest
from aiohttp import web

from deploy.gateway.doors.passkeys import Ceremony
from deploy.gateway.pages.ceremonies import Answered, answer_of, begun
from deploy.gateway.pages.sessions import beginning_of
from deploy.gateway.web.forms import NoForm
from deploy.gateway.web.refusals import Away, Refused
from tests.unit.gateway.words import ENGLISH

CREDENTIAL = (
    '{"id": "c2Vl", "rawId": "c2Vl", "response": {"signature": "AA"}, "type": "public-key"}'
)


async def asked(outcome: Ceremony | Exception) -> Ceremony:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def test_an_answer_is_passed_on_as_the_browser_wrote_it() -> None:
    answer = answer_of(Answered(ceremony="sealed", credential=CREDENTIAL))

    assert answer is not None
    assert (answer.ceremony, answer.id) == ("sealed", "c2Vl")
    assert msgspec.json.encode({"credential": answer.credential}) == (
        b'{"credential":' + CREDENTIAL.encode() + b"}"
    )


def test_a_page_that_went_by_other_means_has_none() -> None:
    assert answer_of(Answered(ceremony="sealed")) is None


@pytest.mark.parametrize(
    "credential",
    [
        "{",
        "[]",
        "1",
        "{}",
        '{"id": 7}',
        '{"id": "a"} {"id": "b"}',
        '{"id": "a", "x": ' + "[" * 9000,
    ],
    ids=["cut", "list", "number", "nameless", "numbered", "two", "deep"],
)
def test_what_our_script_never_writes_is_no_form_of_ours(credential: str) -> None:
    with pytest.raises(NoForm):
        answer_of(Answered(ceremony="sealed", credential=credential))


async def test_a_script_is_handed_the_options_untouched() -> None:
    options = msgspec.Raw(b'{"challenge":"AA","allowCredentials":[]}')

    reply = await begun(asked(Ceremony(ceremony="sealed", expires_in=300, options=options)))

    assert reply.content_type == "application/json"
    assert isinstance(reply.body, bytes)
    assert json.loads(reply.body) == {
        "ceremony": "sealed",
        "expires_in": 300,
        "options": {"challenge": "AA", "allowCredentials": []},
    }


@pytest.mark.parametrize(
    "outcome",
    [
        Refused("passkeys_not_offered", status=409),
        Refused("no_passkeys", status=409),
        Away("identity"),
    ],
)
async def test_where_no_passkey_can_answer_a_script_is_told_nothing(outcome: Exception) -> None:
    reply = await begun(asked(outcome))

    assert isinstance(reply, web.Response)
    assert (reply.status, reply.body) == (204, None)


async def test_any_other_refusal_is_the_pages_to_tell() -> None:
    with pytest.raises(Refused):
        await begun(asked(Refused("gate_closed", status=409)))


@pytest.mark.parametrize(
    ("begun_by", "told"),
    [
        (["passkey"], "Begun with a passkey"),
        (["password", "passkey"], "Begun with the password and a passkey"),
        (["password", "app"], "Begun with the password and a code of the authenticator app"),
        (["by-magic"], ""),
    ],
)
def test_a_session_says_whether_a_passkey_began_it_or_was_its_second_step(
    begun_by: list[str], told: str
) -> None:
    assert beginning_of(begun_by, ENGLISH) == told
