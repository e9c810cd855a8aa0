import re
from pathlib import Path

import pytest

from tests.support.proof import ROOT

TEMPLATES = sorted((Path(ROOT) / "deploy" / "gateway" / "templates").glob("*.html"))
FRAMES = ("base.html", "desk_base.html", "parts.html", "desk_parts.html")  # no pages
UNBOUND = {  # and why
    "unsubscribe.html": "a mail provider posts the same: the link in its address is all it takes",
}
FORBIDDEN = {
    "a style in the page": r"\sstyle\s*=|<style",
    "a script in the page": r"\son[a-z]+\s*=\s*[\"']|<script(?![^>]*\ssrc=)|javascript:",
    "a value that is not escaped": r"\|\s*safe|autoescape",
    "an attribute without quotes": r"<[a-z][^>{]*\s[a-z-]+=[^\"'\s>{]",
    "another host": r"(?:src|href|action)=[\"']?(?:https?:)?//",
    "a field that no password manager may fill": r"(?:username|password)[^>]*autocomplete=[\"']off",
}


@pytest.mark.parametrize("what", FORBIDDEN)
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has(template: Path, what: str) -> None:
    text = template.read_text().replace("<!doctype html>", "")
    if what == "an attribute without quotes":
        text = re.sub(r'"[^"]*"', '""', text)

    assert not re.findall(FORBIDDEN[what], text), what


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_posts_is_bound_to_its_browser(template: Path) -> None:
    posting = r'<form\b(?![^>]*method="get")[^>]*>(.*?)</form>'
    forms = re.findall(posting, template.read_text(), re.DOTALL)

    assert all("hidden(" in form for form in forms) is (template.name not in UNBOUND)


@pytest.mark.parametrize(
    "template",
    [
        path
        for path in TEMPLATES
        if path.name not in ("base.html", "desk_base.html", "parts.html", "desk_parts.html")
    ],
    ids=lambda path: path.name,
)
def test_every_page_has_a_title_and_one_heading(template: Path) -> None:
    text = template.read_text()

    assert re.match(r'{% extends ("(desk_)?base.html"|frame) %}', text)
    assert "{% block title %}" in text
    assert "<h1>" in text
