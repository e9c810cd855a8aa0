from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from deploy.gateway.__main__ import main
from deploy.gateway.app import compose
from deploy.gateway.pages.apps import ANDROID, APPLE, MAILED, RELATIONS
from deploy.gateway.settings import Settings
from services.notify.settings import NotifySettings
from shared.settings.loader import PREFIX, SettingsInvalid, describe, load
from tests.support.clock import FakeClock
from tests.unit.gateway.settings import HOST, environment

FIRST, SECOND = ":".join(["0F"] * 32), ":".join(["A1"] * 32)
APPS = {
    "ANDROID_APPS": f"org.example.portal|{FIRST}, org.example.portal|{SECOND}, com.other|{FIRST}",
    "APPLE_APPS": "ABCDE12345.org.example.portal,0123456789.com.other-one",
}


async def told(path: str, **settings: str) -> tuple[int, str, Any]:
    gateway = compose(load(Settings, environment(**settings)), FakeClock())
    async with TestClient(TestServer(gateway.portal), headers={"Host": HOST}) as client:
        reply = await client.get(path, allow_redirects=False)
        kind = reply.content_type
        found = reply.status, kind, await reply.json() if kind == "application/json" else None
    await gateway.close()
    return found


async def test_android_is_told_each_app_with_all_its_certificates() -> None:
    status, _, links = await told(ANDROID, **APPS)

    assert status == 200
    assert [(each["relation"], each["target"]) for each in links] == [
        (
            list(RELATIONS),
            {
                "namespace": "android_app",
                "package_name": package,
                "sha256_cert_fingerprints": fingerprints,
            },
        )
        for package, fingerprints in (
            ("org.example.portal", [FIRST, SECOND]),
            ("com.other", [FIRST]),
        )
    ]


async def test_apple_is_told_each_app_and_where_mailed_links_lead() -> None:
    status, kind, association = await told(APPLE, **APPS)

    assert (status, kind) == (200, "application/json")
    apps = APPS["APPLE_APPS"].split(",")
    assert association["webcredentials"] == {"apps": apps}
    (details,) = association["applinks"]["details"]
    assert details == {"appIDs": apps, "components": [{"/": path} for path in MAILED]}


def test_an_app_opens_the_links_of_mails_but_the_one_that_stops_them() -> None:
    pages = {
        row.name.removeprefix(PREFIX): f"/{row.default}"
        for row in describe(NotifySettings)
        if row.name.endswith("_PAGE")
    }

    assert set(MAILED) == set(pages.values()) - {pages["UNSUBSCRIBE_PAGE"]}


@pytest.mark.parametrize("path", [ANDROID, APPLE])
async def test_without_apps_there_is_no_such_file(path: str) -> None:
    status, _, _ = await told(path)

    assert status == 404


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANDROID_APPS", "org.example.portal"),
        ("ANDROID_APPS", f"portal|{FIRST}"),
        ("ANDROID_APPS", f"org.example.portal|{FIRST[:-3]}"),
        ("ANDROID_APPS", f"org.example.portal|{FIRST.lower()}"),
        ("ANDROID_APPS", f"org.example.portal|{FIRST},"),
        ("APPLE_APPS", "org.example.portal"),
        ("APPLE_APPS", "abcde12345.org.example.portal"),
        ("APPLE_APPS", "ABCDE12345."),
        ("APPLE_APPS", ","),
    ],
)
def test_an_app_that_cannot_be_one_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"PORTICO_{name}: expected"):
        load(Settings, environment(**{name: value}))


def test_both_are_named_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve"], environment(ANDROID_APPS="x", APPLE_APPS="y")) == 2

    refused = capsys.readouterr().err
    assert "PORTICO_ANDROID_APPS" in refused
    assert "PORTICO_APPLE_APPS" in refused
