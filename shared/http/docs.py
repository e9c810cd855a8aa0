"""The page of a service's verbs: Swagger UI over the service's own OpenAPI document.

Swagger UI's build comes from an installed package: nothing is loaded from another host.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

PACKAGE = "mkdocs_swagger_ui_tag"  # a plugin of MkDocs; only the build that it carries is used
# The build's own stylesheet has its icons as `data:` images. It needs no inline script or style.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/page.css">
</head>
<body>
<noscript><h1>{title}</h1><p>This page needs script.
Programs read the same at <a href="/openapi.json">/openapi.json</a>.</p></noscript>
<main id="verbs"></main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/page.js"></script>
</body>
</html>
"""
# Besides the measure of lines: where the build's own colours are too faint to read (WCAG 1.4.3).
STYLE = """body { margin: 0 auto; max-width: 80rem; font: 16px/1.5 system-ui, sans-serif }
noscript { display: block; padding: 0 1.25rem }
.swagger-ui .info { margin: 2rem 0 1rem }
@media (max-width: 45rem) {
  .swagger-ui .opblock .opblock-summary-operation-id { display: none }
}
html:not(.dark-mode) .swagger-ui .opblock .opblock-summary-method,
html:not(.dark-mode) .swagger-ui .info .title small.version-stamp,
html:not(.dark-mode) .swagger-ui .info .title small.version-stamp pre {
  color: #000; text-shadow: none
}
html:not(.dark-mode) .swagger-ui .info a,
html:not(.dark-mode) .swagger-ui .info .url { color: #1f5fae }
html:not(.dark-mode) .swagger-ui .btn.authorize span { color: #1a6e47 }
.swagger-ui .json-schema-2020-12-expand-deep-button,
.swagger-ui .parameter__in,
.swagger-ui .responses-inner .response-col_links,
.swagger-ui .opblock .header-col { color: inherit }
"""
SCRIPT = """"use strict";
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({
  dom_id: "#verbs",
  url: "/openapi.json",
  validatorUrl: null, // or the document is sent to a validator of another host
  deepLinking: true,
  displayOperationId: true,
});
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What the page loads: a text of ours, or a file of the build."""

    content_type: str
    text: str = ""
    build: str = ""


FILES: Mapping[str, File] = {
    "/docs/page.css": File(content_type="text/css", text=STYLE),
    "/docs/page.js": File(content_type="text/javascript", text=SCRIPT),
    "/docs/swagger-ui.css": File(content_type="text/css", build="stylesheets/swagger-ui.css"),
    "/docs/swagger-ui-bundle.js": File(
        content_type="text/javascript", build="javascripts/swagger-ui-bundle.js"
    ),
}


def page(title: str) -> bytes:
    """Return the page, which fills itself from /openapi.json."""
    return PAGE.format(title=escape(title)).encode()


@cache
def content(file: File) -> bytes:
    """Return what a file holds; the build is read when somebody first opens the page."""
    if file.text:
        return file.text.encode()
    return files(PACKAGE).joinpath("swagger-ui", file.build).read_bytes()
