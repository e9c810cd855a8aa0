"""What is said to who finds a session ended, of whatever ended it (SE-1)."""

import re
from collections.abc import Mapping
from html import unescape

import pytest
from aiohttp import web

from deploy.gateway.session import COOKIE
from services.identity.sessions.model import SessionEnd
from tests.unit.gateway.kept import KEPT, cookies
from tests.unit.gateway.services import portal_before, problem

ELSEWHERE = ("you logged off elsewhere", "la cerró en otro lugar")
PASSWORD = ("the password", "la contraseña")
TWO_STEP = ("two-step verification", "la verificación en dos pasos")
WORDS: Mapping[SessionEnd, tuple[str, str]] = {
    SessionEnd.HOLDER: ELSEWHERE,
    SessionEnd.REVOKED: ELSEWHERE,
    SessionEnd.PASSWORD_RESET: PASSWORD,
    SessionEnd.PASSWORD_CHANGE: PASSWORD,
    SessionEnd.EMAIL_CHANGE: ("the e-mail address", "la dirección de correo"),
    SessionEnd.TWO_STEP_CHANGE: TWO_STEP,
    SessionEnd.TWO_STEP_RESET: TWO_STEP,
    SessionEnd.DEVICE_REVOKED: ("a device", "un dispositivo"),
    SessionEnd.PASSKEY_REMOVED: ("a passkey", "una llave de acceso"),
    SessionEnd.FROZEN: ("frozen", "se congeló"),
    SessionEnd.MERGED: ("merged", "se unió con otra"),
    SessionEnd.UNENROLLED: ("ended your enrolment", "terminó su inscripción"),
    SessionEnd.TOO_MANY: ("more than 50 places", "más de 50 lugares"),
    SessionEnd.REFRESH_REUSE: ("used from two places", "se usó desde dos lugares"),
}
OF_THEIR_OWN = {SessionEnd.TERMS_DECLINED, SessionEnd.SECOND_STEP_FAILED}  # each said at once
GOES_ON = {SessionEnd.SECOND_STEP}  # in the full one


@pytest.mark.proves("SE-1")
@pytest.mark.parametrize("language", ["en", "es"])
async def test_whatever_ends_a_session_is_among_what_the_log_on_page_says(language: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return problem(401, "refresh_invalid")

    async with portal_before(answer) as browser:
        browser.language = language
        browser.cookies |= cookies(**{COOKIE: KEPT})
        page = await browser.get("/home")

    place = ("en", "es").index(language)
    assert page.path == "/log-on?next=/home"
    assert set(SessionEnd) == {*WORDS, *OF_THEIR_OWN, *GOES_ON}
    [said] = re.findall(r'role="status"><p>(.*?)</p>', unescape(page.text))
    assert [why for why, words in WORDS.items() if words[place] not in said] == []
