"""The readable page of a service's verbs: one HTML file without scripts or outside assets."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1d2433}h2{margin-top:2.5rem;border-top:1px solid #d5dae4;padding-top:1rem}"
    "code,pre{font:14px/1.45 ui-monospace,monospace}pre{background:#f4f6fa;padding:.8rem;"
    "overflow:auto;border-radius:4px}b.method{color:#0b5cad}td,th{text-align:left;"
    "padding:.15rem 1rem .15rem 0;vertical-align:top}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    html: bytes
    policy: str  # the Content-Security-Policy under which it shows: this very style, nothing else


def page(document: bytes) -> Page:
    """Render the OpenAPI document."""
    whole = json.loads(document)
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    title = escape(whole["info"]["title"])
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>",
        '<p>The same as a machine reads it: <a href="/openapi.json">/openapi.json</a></p>',
        *contents(whole),
        *(part for entry in operations(whole) for part in section(whole, *entry)),
        "</body></html>",
    ]
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
    return Page(html="".join(parts).encode(), policy=policy)


def operations(whole: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def contents(whole: Any) -> Iterator[str]:
    yield "<ul>"
    for method, path, operation in operations(whole):
        name = escape(operation["operationId"])
        yield f'<li><a href="#{name}"><code>{method} {escape(path)}</code></a> '
        yield f"{escape(operation['summary'])}</li>"
    yield "</ul>"


def section(whole: Any, method: str, path: str, operation: Any) -> Iterator[str]:
    name = escape(operation["operationId"])
    yield f'<h2 id="{name}"><b class="method">{method}</b> <code>{escape(path)}</code></h2>'
    yield f"<p>{escape(operation['summary'])} (<code>{name}</code>)</p>"
    if "description" in operation:
        yield f"<p>{escape(operation['description'])}</p>"
    for scheme in operation.get("security", []):
        for guard, scopes in scheme.items():
            yield f"<p>Needs: <b>{escape(guard)}</b> {escape(', '.join(scopes))}</p>"
    for form, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body, <code>{escape(form)}</code></p>{schema(whole, content['schema'])}"
    yield "<table><tr><th>Status</th><th>Meaning</th></tr>"
    for status, answer in operation["responses"].items():
        text = escape(answer["description"]).replace("\n", "<br>")
        yield f"<tr><td>{escape(status)}</td><td>{text}</td></tr>"
    yield "</table>"
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get("application/json")
        if content and status.startswith("2"):
            yield f"<p>Reply {escape(status)}</p>{schema(whole, content['schema'])}"


def schema(whole: Any, found: Any) -> str:
    name = found.get("$ref", "").rpartition("/")[2]
    shown = whole["components"]["schemas"].get(name, found)
    return f"<pre>{escape(json.dumps(shown, indent=2, ensure_ascii=False))}</pre>"
