"""What the mail server's URL says."""

import ssl

import pytest

from services.notify.sending.channels.server import SmtpServer
from shared.settings.values import Secret


@pytest.mark.parametrize(
    ("url", "port", "tls", "starttls"),
    [
        ("smtp://mail.example", 25, False, None),
        ("smtp://mail.example:2525", 2525, False, None),
        ("smtp+starttls://mail.example", 587, False, True),
        ("smtps://mail.example", 465, True, False),
    ],
)
def test_the_url_says_how_the_connection_is_kept_private(
    url: str, port: int, tls: bool, starttls: bool | None
) -> None:
    server = server_at(url)

    assert (server.host, server.port) == ("mail.example", port)
    assert (server.tls, server.starttls) == (tls, starttls)


@pytest.mark.parametrize(
    ("url", "verified"),
    [("smtp://x.example", False), ("smtp+starttls://x.example", True), ("smtps://x.example", True)],
)
def test_what_is_insisted_on_is_verified(url: str, verified: bool) -> None:
    context = server_at(url).trusts()

    assert context.check_hostname is verified
    assert (context.verify_mode is ssl.CERT_REQUIRED) is verified


def test_the_password_is_decoded_and_never_shown() -> None:
    server = server_at("smtps://us%40er:p%2Fw@mail.example")

    assert server.username == "us@er"
    assert server.password is not None
    assert server.password.reveal() == "p/w"
    assert "p/w" not in repr(server)


def server_at(url: str) -> SmtpServer:
    return SmtpServer.at(
        Secret(url),
        tls_ca=None,
        local_hostname="portico.example",
        connect_seconds=1.0,
        command_seconds=1.0,
        dot_seconds=1.0,
    )
