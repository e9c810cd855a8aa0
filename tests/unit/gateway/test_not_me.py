"""What is said before an account is frozen (RC-9)."""

from html import unescape
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.unit.gateway.settings import HOST

TAKEN = {
    "en": (
        "An account e-mail that was changed in the last 72 hours is put back.",
        "one that was added with it or since is taken away",
        "Your passkeys and your security questions are void",
    ),
    "es": (
        "que se cambió en las últimas 72 horas vuelve a ser el de antes.",
        "se quita el que se puso con él o después",
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
