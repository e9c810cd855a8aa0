import re
from html import unescape
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from deploy.gateway.pages.routes import ROUTES
from tests.support.browser import Browser
from tests.unit.gateway.settings import HOST
from tests.unit.gateway.words import LANGUAGES

Client = TestClient[Any, Any]
ANSWER = re.compile(r"<h3>(.*?)</h3>\s*<p>(.*?)(?: <a href=\"([^\"]+)\">.*?</a>)?</p>", re.DOTALL)


async def answers(portal: Client, language: str) -> dict[str, tuple[str, str]]:
    """Each question with its answer, and where that leads."""
    url = str(portal.make_url("")).rstrip("/")
    async with Browser([url], HOST, "198.51.100.1", language) as browser:
        page = await browser.get("/help")
    return {
        unescape(question): (unescape(answer), link)
        for question, answer, link in ANSWER.findall(page.text)
    }


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("question", "way", "page"),
    [
        (
            "I have forgotten my username. What now?",
            {
                "en": ("account e-mail", "messages from your practices", "date of birth"),
                "es": ("correo verificado", "mensajes de sus consultorios", "fecha de nacimiento"),
            },
            "/forgot-username",
        ),
        (
            "I have forgotten my password. What now?",
            {
                "en": ("account e-mail", "two of your security questions"),
                "es": ("correo verificado", "dos de sus preguntas de seguridad"),
            },
            "/forgot-password",
        ),
        (
            "Can I set a new password without an account e-mail?",
            {
                "en": ("two of your security questions", "once say who you are", "eight digits"),
                "es": ("dos de sus preguntas", "una sola vez decir quién es", "ocho cifras"),
            },
            "/forgot-password",
        ),
        (
            "I have set my password by saying who I am. What comes next?",
            {
                "en": ("an account e-mail", "five security questions", "ask your practice"),
                "es": ("un correo", "cinco preguntas de seguridad", "a su consultorio"),
            },
            "/contact-your-practice",
        ),
        (
            "What are security questions for?",
            {"en": ("two of your five",), "es": ("dos de sus cinco preguntas",)},
            "/forgot-password",
        ),
        (
            "When do I set them?",
            {"en": ("first log on", "had your account"), "es": ("primera vez", "tiene su cuenta")},
            "/settings/questions",
        ),
        (
            "Why are my answers not taken any more?",
            {"en": ("three tries", "20 minutes"), "es": ("tres intentos", "20 minutos")},
            "/forgot-password",
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
async def test_an_answer_names_every_way_back_in_that_there_is(
    portal: Client, language: str, question: str, way: dict[str, tuple[str, ...]], page: str
) -> None:
    asked = LANGUAGES.each[language].say(question)

    answer, link = (await answers(portal, language))[asked]

    assert [words for words in way[language] if words not in answer] == []
    assert link == page


@pytest.mark.parametrize("language", ["en", "es"])
async def test_every_answer_leads_to_a_page_that_there_is(portal: Client, language: str) -> None:
    pages = {route.path for route in ROUTES if route.method == "GET"}

    found = await answers(portal, language)

    assert found
    assert {link for _, link in found.values() if link} <= pages
