"""Every mail that is sent, on one page to look at: `make mails`."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from services.notify.sending.render import Portal, Rendered, Renderer
from services.notify.tellings.contents import CONTENTS, template_of
from shared.contracts.languages import Language
from shared.contracts.sealed import SealPurpose
from tests.builders.contents import WITH_LINK, samples
from tests.support.infra import FOLDER

PAGE = FOLDER / "mails"
PORTAL = Portal(
    name="Portico",
    url="https://portal.example",
    pages=dict.fromkeys(SealPurpose, "reset-password"),
    mail_from="portal@portico.example",
    mail_domain="portico.example",
)
LOCALES = {Language.ENGLISH: "en-US", Language.SPANISH: "es-US"}
WIDTHS = {"phone": 390, "desktop": 800}
STYLE = """
body{font:16px system-ui;margin:2rem}
pre{background:#f4f5f7;padding:1rem;font-size:13px;overflow:auto}
section{display:grid;grid-template-columns:minmax(20rem,38rem) auto auto;gap:1rem}
iframe{border:1px solid #888;height:36rem}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A mail in one language, under what it is about."""

    name: str
    mail: Rendered


def every_mail() -> Iterator[Shown]:
    """Each template in both languages, and in each wording of what it may say."""
    renderer = Renderer.of(PORTAL)
    secret = PORTAL.link(SealPurpose.RESET_LINK, "Zr8tQ2" * 7)  # as long as a real one
    for kind in CONTENTS:
        for about, content in samples(kind):
            for locale in LOCALES.values():
                yield Shown(
                    name=" ".join((template_of(kind), about, locale)),
                    mail=renderer.render(
                        content,
                        locale=locale,
                        time_zone="America/New_York",
                        link=secret if kind in WITH_LINK else None,
                    ),
                )


def page() -> str:
    """Write the text part of each, and the HTML part as two devices show it."""
    shown = "".join(
        f"<h2>{each.name}: {escape(each.mail.subject)}</h2>"
        f"<section><pre>{escape(each.mail.text)}</pre>{frames(each)}</section>"
        for each in every_mail()
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Mails</title>'
        f"<style>{STYLE}</style><h1>Every mail</h1>{shown}"
    )


def frames(shown: Shown) -> str:
    html = escape(shown.mail.html)
    return "".join(
        f'<iframe sandbox title="{shown.name}, {device}" width="{width}" srcdoc="{html}"></iframe>'
        for device, width in WIDTHS.items()
    )


if __name__ == "__main__":
    shutil.rmtree(PAGE, ignore_errors=True)
    PAGE.mkdir(parents=True)
    (PAGE / "index.html").write_text(page())
    sys.stdout.write(f"mails: {PAGE / 'index.html'}\n")
