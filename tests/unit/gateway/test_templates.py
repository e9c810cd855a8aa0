import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import ChainableUndefined, ChoiceLoader, DictLoader, Environment, FileSystemLoader

from deploy.gateway.web.forms import Filled
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


CHOICE = r'<input type="(?:radio|checkbox)"[^\n]*|<select\b.*?</select>'


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_what_was_chosen_is_chosen_still_where_its_form_comes_back(template: Path) -> None:
    """Who sends it again may not see that another choice is marked than was made."""
    text = re.sub(r'<form method="get".*?</form>', "", template.read_text(), flags=re.DOTALL)
    kept = re.findall(r"{% set (\w+) = filled\.typed\.get\(([^,)]+)", text)

    def is_marked(choice: str) -> bool:
        found = re.search(r'\bname="([^"]*)"', choice)
        assert found, choice
        own = ".+?" if "{" in found[1] else re.escape(f'"{found[1]}"')
        names = [name for name, of in kept if re.fullmatch(own, of)]
        typed = "|".join([rf"filled\.typed\.get\({own}", *(rf"{name}\b" for name in names)])
        return bool(re.search(rf"{{% if [^%]*\b(?:{typed})[^%]*%}} (?:checked|selected)", choice))

    assert [choice for choice in re.findall(CHOICE, text, re.DOTALL) if not is_marked(choice)] == []


FRAME = '{% import "parts.html" as parts with context %}{% block main %}{% endblock %}'
SHOWN = Environment(
    loader=ChoiceLoader([DictLoader({"base.html": FRAME}), FileSystemLoader(TEMPLATES[0].parent)]),
    autoescape=True,
    undefined=ChainableUndefined,
    extensions=["jinja2.ext.i18n"],
)
SHOWN.globals |= {"_": lambda text, **_: text, "csrf": str, "static": str}


@pytest.mark.proves("MF-8", "MF-10")
@pytest.mark.parametrize(
    "means",
    [
        ("app", "recovery-code"),
        ("passkey", "recovery-code"),
        ("app", "passkey"),
        ("recovery-code",),
        (),
    ],
    ids=str,
)
def test_nobody_is_sent_to_an_app_or_a_passkey_that_the_account_has_not(
    means: tuple[str, ...],
) -> None:
    """Of passkeys that a reset has set aside recovery codes are left."""
    step = SimpleNamespace(means=means, trust_offered=False)
    account = SimpleNamespace(
        two_step=SimpleNamespace(on=True, means=means, mode="", recovery_codes_left=1),
        passkeys=SimpleNamespace(offered=False, made=0, usable=False),
    )
    filled = Filled(key="k")

    gate = SHOWN.get_template("gate_second_step.html").render(step=step, filled=filled)
    settings = SHOWN.get_template("settings_two_step.html").render(account=account, filled=filled)

    assert ("your authenticator app" in gate) == ("app" in means)
    assert ("a passkey" in gate) == ("passkey" in means)
    assert ("That is a code of your authenticator app" in settings) == ("app" in means)


@pytest.mark.proves("EN-5")
@pytest.mark.parametrize("means", [("app",), ("app", "passkey"), ("passkey",), ()], ids=str)
def test_only_who_has_an_app_is_told_to_wait_for_its_next_code_after_adding_a_practice(
    means: tuple[str, ...],
) -> None:
    step = SimpleNamespace(means=means, trust_offered=False)
    template = SHOWN.get_template("gate_second_step.html")

    added = template.render(step=step, filled=Filled(key="k"), added=True)
    otherwise = template.render(step=step, filled=Filled(key="k"), added=False)

    assert ("Wait until your app shows another one" in added) == ("app" in means)
    assert ("Logging on takes another one." in added) == ("app" not in means)
    assert "The practice was added" not in otherwise
