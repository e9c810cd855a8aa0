"""How a mail server's words are judged."""

import ssl

import aiosmtplib
import pytest

from services.notify.sending.channels.smtp import SmtpServer, answered, died_before_the_mail, judged
from services.notify.sending.model import Answer, Outcome, Phase
from shared.settings.values import Secret

CODES = (
    ("250", "", Outcome.ACCEPTED),
    ("421", "4.3.2", Outcome.DEFERRED),
    ("451", "4.7.1", Outcome.DEFERRED),
    ("452", "5.2.2", Outcome.DEFERRED),
    ("503", "", Outcome.DEFERRED),
    ("530", "", Outcome.DEFERRED),
    ("530", "5.7.0", Outcome.DEFERRED),
    ("535", "5.7.8", Outcome.DEFERRED),
    ("550", "5.0.0", Outcome.DEFERRED),
    ("550", "5.1.7", Outcome.DEFERRED),
    ("553", "5.1.8", Outcome.DEFERRED),
    ("550", "5.7.1", Outcome.DEFERRED),
    ("552", "5.3.4", Outcome.DEFERRED),
    ("554", "5.4.4", Outcome.DEFERRED),
    ("554", "5.6.0", Outcome.DEFERRED),
    ("554", "5.7.1", Outcome.DEFERRED),
)
OF_RECIPIENT = (
    ("501", ""),
    ("550", ""),
    ("550", "5.1.1"),
    ("550", "5.1.10"),
    ("550", "5.2.1"),
    ("551", ""),
    ("552", "5.2.2"),
    ("553", "5.1.3"),
    ("554", ""),
)
RECIPIENT = "RCPT"


def refusal_of(command: str, code: int, text: str) -> aiosmtplib.SMTPResponseException:
    """What aiosmtplib raises."""
    match command:
        case "MAIL":
            return aiosmtplib.SMTPSenderRefused(code, text, "portal@portico.example")
        case "RCPT":
            return aiosmtplib.SMTPRecipientRefused(code, text, "a@mail.example")
        case _:
            return aiosmtplib.SMTPResponseException(code, text)


def answer_to(command: str, code: str, enhanced: str) -> Answer:
    text = f"{enhanced} so it is".strip()
    if command in ("DATA", "the dot"):
        phase = Phase.ANSWERED if command == "the dot" else Phase.BEFORE_DOT
        return answered(int(code), text, phase)
    return judged(refusal_of(command, int(code), text), Phase.BEFORE_DOT)


@pytest.mark.proves("NT-6")
@pytest.mark.parametrize("command", ["MAIL", RECIPIENT, "DATA", "the dot"])
@pytest.mark.parametrize(
    ("code", "enhanced", "outcome"),
    [
        *CODES,
        *((code, enhanced, None) for code, enhanced in OF_RECIPIENT),
    ],
)
def test_final_is_only_a_refusal_that_means_the_recipient(
    command: str, code: str, enhanced: str, outcome: Outcome | None
) -> None:
    answer = answer_to(command, code, enhanced)

    final = outcome is None and command == RECIPIENT
    assert answer.outcome is (Outcome.REFUSED if final else outcome or Outcome.DEFERRED)
    assert answer.ours_to_mend is (code[0] == "5" and not final)
    assert answer.sender_refused is (answer.ours_to_mend and command == "MAIL")


def test_a_reply_that_is_no_verdict_is_no_answer() -> None:
    assert answered(354, "", Phase.ANSWERED).outcome is Outcome.UNANSWERED
    assert answered(354, "", Phase.BEFORE_DOT).outcome is Outcome.DEFERRED


@pytest.mark.parametrize(
    ("error", "phase", "outcome"),
    [
        (aiosmtplib.SMTPServerDisconnected("x"), Phase.BEFORE_DOT, Outcome.DEFERRED),
        (aiosmtplib.SMTPServerDisconnected("x"), Phase.AFTER_DOT, Outcome.UNANSWERED),
        (aiosmtplib.SMTPReadTimeoutError("x"), Phase.BEFORE_DOT, Outcome.DEFERRED),
        (aiosmtplib.SMTPReadTimeoutError("x"), Phase.AFTER_DOT, Outcome.UNANSWERED),
        (aiosmtplib.SMTPResponseException(-1, "x"), Phase.AFTER_DOT, Outcome.UNANSWERED),
        (ConnectionResetError(), Phase.BEFORE_DOT, Outcome.DEFERRED),
        (ConnectionResetError(), Phase.AFTER_DOT, Outcome.UNANSWERED),
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
