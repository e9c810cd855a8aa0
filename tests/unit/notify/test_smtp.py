"""How a mail server's words are judged."""

import aiosmtplib
import pytest

from services.notify.channels.smtp import SmtpServer, answered, died_before_the_mail, judged
from services.notify.model import Outcome, Phase
from shared.settings import Secret


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (250, Outcome.ACCEPTED),
        (251, Outcome.ACCEPTED),
        (421, Outcome.DEFERRED),
        (451, Outcome.DEFERRED),
        (550, Outcome.REFUSED),
        (554, Outcome.REFUSED),
        (354, Outcome.UNANSWERED),
    ],
)
def test_the_first_digit_decides(code: int, outcome: Outcome) -> None:
    assert answered(code, "", Phase.ANSWERED).outcome is outcome


@pytest.mark.parametrize(
    ("error", "phase", "outcome"),
    [
        (aiosmtplib.SMTPServerDisconnected("x"), Phase.CONNECTING, Outcome.DEFERRED),
        (aiosmtplib.SMTPServerDisconnected("x"), Phase.BEFORE_DOT, Outcome.DEFERRED),
        (aiosmtplib.SMTPServerDisconnected("x"), Phase.AFTER_DOT, Outcome.UNANSWERED),
        (aiosmtplib.SMTPReadTimeoutError("x"), Phase.BEFORE_DOT, Outcome.DEFERRED),
        (aiosmtplib.SMTPReadTimeoutError("x"), Phase.AFTER_DOT, Outcome.UNANSWERED),
        (aiosmtplib.SMTPResponseException(-1, "x"), Phase.AFTER_DOT, Outcome.UNANSWERED),
        (aiosmtplib.SMTPRecipientRefused(550, "x", "a"), Phase.BEFORE_DOT, Outcome.REFUSED),
        (aiosmtplib.SMTPAuthenticationError(535, "x"), Phase.CONNECTING, Outcome.DEFERRED),
    ],
)
def test_silence_is_unknown_only_after_the_final_dot(
    error: Exception, phase: Phase, outcome: Outcome
) -> None:
    assert judged(error, phase).outcome is outcome


def test_the_enhanced_code_is_kept_and_the_text_is_not() -> None:
    answer = answered(550, "5.1.1 a@mail.example is unknown", Phase.BEFORE_DOT)

    assert (answer.code, answer.enhanced_code) == (550, "5.1.1")
    assert "mail.example" not in repr(answer)


def test_a_connection_that_closed_while_idle_is_no_attempt() -> None:
    gone = judged(aiosmtplib.SMTPServerDisconnected("x"), Phase.BEFORE_DOT)
    closing = answered(421, "", Phase.BEFORE_DOT)
    greylisted = answered(451, "", Phase.BEFORE_DOT)

    assert died_before_the_mail(gone)
    assert died_before_the_mail(closing)
    assert not died_before_the_mail(greylisted)


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


def test_the_password_is_decoded_and_never_shown() -> None:
    server = server_at("smtps://us%40er:p%2Fw@mail.example")

    assert server.username == "us@er"
    assert server.password is not None
    assert server.password.reveal() == "p/w"
    assert "p/w" not in repr(server)


def server_at(url: str) -> SmtpServer:
    return SmtpServer.at(
        Secret(url),
        local_hostname="portico.example",
        connect_seconds=1.0,
        command_seconds=1.0,
        dot_seconds=1.0,
    )
