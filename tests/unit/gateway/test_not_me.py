"""What is said before an account is frozen (RC-9)."""

from html import unescape
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.unit.gateway.settings import HOST

TAKEN = {
    "en": (
        "one that was added since is taken away",
        "Your passkeys and your security questions are void",
    ),
    "es": (
        "se quita el que se añadió desde entonces",
        "Sus llaves de acceso y sus preguntas de seguridad dejan de servir",
    ),
}


@pytest.mark.proves("RC-9")
@pytest.mark.parametrize("language", ["en", "es"])
async def test_who_freezes_an_account_reads_before_it_what_that_takes_away(
    portal: "TestClient[Any, Any]", language: str
) -> None:
    reply = await portal.get("/not-me", headers={"Host": HOST, "Accept-Language": language})
    page = unescape(await reply.text())

    assert [words for words in TAKEN[language] if words not in page] == []
