"""Notify's own settings."""

import pytest

from services.notify.settings import NotifySettings
from shared.settings import SettingsInvalid, load

GOOD = {
    "DATABASE_URL": "postgresql://notify@127.0.0.1/portico",
    "BROKER_URL": "amqp://notify@127.0.0.1/portico",
    "KEY_ENCRYPTION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "DIGEST_KEY": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
    "SMTP_URL": "smtp://127.0.0.1:25",
    "MAIL_FROM": "portal@portico.example",
    "MAIL_DOMAIN": "portico.example",
    "PORTAL_URL": "https://portal.example/",
}


def settings(**changed: str) -> NotifySettings:
    environ = {f"PORTICO_{name}": value for name, value in {**GOOD, **changed}.items()}
    return load(NotifySettings, environ)


def test_a_link_has_one_slash_between_portal_and_page() -> None:
    assert settings().portal_url == "https://portal.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "http://mail.example"),
        ("MAIL_FROM", "Portal <portal@portico.example>"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "a@b.example\r\nBcc: c@d.example"),
        ("MAIL_DOMAIN", "portico.example>"),
        ("PORTAL_URL", "javascript:alert(1)"),
        ("PORTAL_URL", "https://portal.example/?a=b"),
        ("PORTAL_NAME", "Por\ntico"),
        ("SMTP_CONNECTIONS", "0"),
        ("LEASE_SECONDS", "soon"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"PORTICO_{name}"):
        settings(**{name: value})


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("smtp://user:pw@mail.example", False),
        ("smtp://user:pw@127.0.0.1:25", True),
        ("smtp+starttls://user:pw@mail.example", True),
        ("smtps://user:pw@mail.example", True),
        ("smtp://mail.example", True),
    ],
)
def test_in_production_a_password_never_goes_over_an_open_line(url: str, good: bool) -> None:
    if good:
        assert settings(SMTP_URL=url)
        return
    with pytest.raises(SettingsInvalid, match="PORTICO_SMTP_URL"):
        settings(SMTP_URL=url)
