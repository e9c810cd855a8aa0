"""Notify's own settings."""

import pytest

from deploy.local.settings import for_texts
from services.notify.settings import NotifySettings
from shared.settings.loader import SettingsInvalid, load
from tests.support.environ import needed

GOOD = {
    "SMTP_URL": "smtp://127.0.0.1:25",
    "MAIL_FROM": "portal@portico.example",
    "MAIL_DOMAIN": "portico.example",
    "PORTAL_URL": "https://portal.example/",
}


GOOD_ENVIRON = needed("notify") | {f"PORTICO_{name}": value for name, value in GOOD.items()}


def settings(**changed: str) -> NotifySettings:
    own = {f"PORTICO_{name}": value for name, value in changed.items()}
    return load(NotifySettings, GOOD_ENVIRON | own)


def test_a_link_has_one_slash_between_portal_and_page() -> None:
    assert settings().portal_url == "https://portal.example"


@pytest.mark.parametrize("catcher", ["", "http://127.0.0.1:8025"])
def test_a_local_stack_has_text_messages_where_there_is_a_catcher_for_them(catcher: str) -> None:
    told = for_texts(catcher, "http://127.0.0.1:8104")

    found = load(NotifySettings, {**GOOD_ENVIRON, **told})

    assert (found.texts_url is not None) is bool(catcher)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "http://mail.example"),
        ("SMTP_URL", "smtps://user@mail.example"),
        ("SMTP_URL", "smtps://user:@mail.example"),
        ("SMTP_URL", "smtps://:pw@mail.example"),
        ("SMTP_URL", "smtps://@mail.example"),
        ("SMTP_URL", "smtps://mail.example/inbox"),
        ("SMTP_URL", "smtps://mail.example?timeout=3"),
        ("SMTP_URL", "smtps://mail.example#x"),
        ("SMTP_URL", "smtps://?host=mail.example"),
        ("SMTP_URL", "smtps://mail.example:port"),
        ("MAIL_FROM", "Portal <portal@portico.example>"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "a@b.example\r\nBcc: c@d.example"),
        ("MAIL_RETURN_PATH", "Bounces <bounces@portico.example>"),
        ("MAIL_RETURN_PATH", "b" * 22 + "@portico.example"),
        ("MAIL_FROM", "p" * 22 + "@portico.example"),
        ("MAIL_DOMAIN", "portico.example>"),
        ("PORTAL_URL", "javascript:alert(1)"),
        ("PORTAL_URL", "https://portal.example/?a=b"),
        ("PORTAL_URL", "https://user:pw@portal.example"),
        ("PORTAL_URL", "https://user@portal.example"),
        ("PORTAL_URL", "https://portal.example:port"),
        ("PORTAL_URL", "https://portal.example/#"),
        ("PORTAL_URL", "https://portal.example/a b"),
        ("PORTAL_URL", "https://portal.example/\u2028"),
        ("PORTAL_NAME", "Por\ntico"),
        ("SMTP_CONNECTIONS", "0"),
        ("LEASE_SECONDS", "soon"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"PORTICO_{name}"):
        settings(**{name: value})


def test_mails_are_given_back_to_where_they_come_from_unless_it_is_another_address() -> None:
    apart = settings(MAIL_FROM="p" * 22 + "@portico.example", MAIL_RETURN_PATH="b@bounces.example")

    assert settings().return_path == "portal@portico.example"
    assert apart.return_path == "b@bounces.example"
    assert settings(MAIL_RETURN_PATH="b" * 21 + "@portico.example")


@pytest.mark.parametrize(
    "url", ["smtps://mail.example", "smtps://us%40er:p%2Fw@mail.example:465/", "smtp://[::1]:25"]
)
def test_a_mail_server_has_a_name_and_a_password_or_neither(url: str) -> None:
    assert settings(SMTP_URL=url).smtp_url.reveal() == url


@pytest.mark.parametrize(
    ("name", "url", "good"),
    [
        ("SMTP_URL", "smtp://user:pw@mail.example", False),
        ("SMTP_URL", "smtp://mail.example", False),
        ("SMTP_URL", "smtp://127.0.0.1:25", True),
        ("SMTP_URL", "smtp+starttls://user:pw@mail.example", True),
        ("SMTP_URL", "smtps://user:pw@mail.example", True),
        ("PORTAL_URL", "http://portal.example", False),
        ("PORTAL_URL", "http://localhost:8080", True),
        ("PORTAL_URL", "https://portal.example", True),
    ],
)
def test_production_sends_nothing_over_an_open_line_unless_it_is_accepted(
    name: str, url: str, good: bool
) -> None:
    assert settings(**{name: url}, PLAINTEXT="mail.example, portal.example")
    assert settings(**{name: url}, ENVIRONMENT="development")
    if good:
        assert settings(**{name: url})
        return
    with pytest.raises(SettingsInvalid, match=f"PORTICO_{name}"):
        settings(**{name: url})
