"""Pages out of templates. The one door to Jinja2."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib.resources.abc import Traversable
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from deploy.gateway.web.forgery import Forgery
from deploy.gateway.web.languages import Language, Languages
from deploy.gateway.web.visits import Visit

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
BLANK_LINES = re.compile(r"\n\s*\n+")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A file that every page may ask for, under a name that has its digest."""

    path: str
    content: bytes
    content_type: str


def static_files(folder: Traversable) -> Mapping[str, StaticFile]:
    """Read the files, by their plain names."""
    found = {}
    for file in folder.iterdir():
        stem, _, ending = file.name.rpartition(".")
        if ending in TYPES:
            content = file.read_bytes()
            digest = sha256(content).hexdigest()[:12]
            found[file.name] = StaticFile(
                path=f"/static/{stem}.{digest}.{ending}",
                content=content,
                content_type=TYPES[ending],
            )
    return found


class Views:
    """Prints pages, in every language; every value is escaped, and one that is missing fails."""

    def __init__(
        self,
        *,
        statics: Mapping[str, StaticFile],
        languages: Languages,
        forgery: Forgery,
        frame: str,
        links: Mapping[str, str],
    ) -> None:
        self._forgery = forgery
        self._frame = frame
        self._links = links
        self._languages = languages
        self._statics = {name: file.path for name, file in statics.items()}
        self._environments = {
            code: self._environment(language) for code, language in languages.each.items()
        }

    def page(
        self, visit: Visit, template: str, /, *, status: int = 200, **values: object
    ) -> web.Response:
        """Print a page for this visit."""
        html = (
            self._environments[visit.language.code]
            .get_template(template)
            .render(
                visit=visit,
                csrf=partial(self._forgery.token, visit.visitor),
                links=self._links,
                languages=self._languages.each.values(),
                **values,
            )
        )
        return web.Response(
            status=status,
            text=BLANK_LINES.sub("\n", html),
            content_type="text/html",
            charset="utf-8",
        )

    def _environment(self, language: Language) -> Environment:
        environment = Environment(
            loader=PackageLoader("deploy.gateway"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        translated: Any = environment
        translated.install_gettext_translations(language.translations, newstyle=True)
        environment.globals.update(
            language=language, static=self._statics.__getitem__, frame=self._frame
        )
        return environment
