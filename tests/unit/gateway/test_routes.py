import re
from pathlib import Path
from typing import Any

import pytest

from deploy.gateway.desk.routes import ROUTES as DESK_ROUTES
from deploy.gateway.pages.routes import ROUTES, own_paths
from deploy.gateway.settings import Settings
from shared.settings.loader import describe
from tests.support.proof import ROOT

README = (Path(ROOT) / "deploy" / "gateway" / "README.md").read_text()
PORTAL, _, DESK = README.partition("## The desk")
both = pytest.mark.parametrize(
    ("text", "routes"), [(PORTAL, ROUTES), (DESK, DESK_ROUTES)], ids=["portal", "desk"]
)
PAGE = re.compile(r"^\| `(/\S*)` \| ([A-Z, ]+) \| ([a-z ]+) \|", re.MULTILINE)


@both
def test_the_readme_maps_every_page_and_no_other(text: str, routes: tuple[Any, ...]) -> None:
    told = {
        (method, path, who)
        for path, methods, who in PAGE.findall(text)
        for method in methods.split(", ")
    }

    assert told == {(route.method, route.path, route.guard) for route in routes}


def test_the_readme_has_every_setting_as_it_is() -> None:
    for row in describe(Settings):
        assert f"| `{row.name}` | {row.default} | {row.help} |" in README


@both
def test_no_two_pages_have_one_address_and_one_name(text: str, routes: tuple[Any, ...]) -> None:
    addresses = [(route.method, route.path) for route in routes]
    names = [(route.method, route.name) for route in routes]

    assert len(set(addresses)) == len(addresses)
    assert len(set(names)) == len(names)


def test_every_link_in_a_template_leads_to_a_page() -> None:
    routes: list[Any] = [*ROUTES, *DESK_ROUTES]
    paths = own_paths() | {route.path for route in routes}
    for template in (Path(ROOT) / "deploy" / "gateway" / "templates").glob("*.html"):
        for link in re.findall(r'(?:href|action)="(/[^"{#?]*)["#?]', template.read_text()):
            assert link in paths or link in ("/merge/", "/patients/"), f"{template.name}: {link}"
