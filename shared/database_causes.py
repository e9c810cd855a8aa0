"""Why there is no connection to PostgreSQL, in words of ours that can be shown to anybody.

A server's own text may quote a user's or a database's name, and a driver's the URL: neither is
ever repeated. What is told is the SQLSTATE, or the error's type, and what it stands for.
"""

import socket
import ssl
from collections.abc import Mapping

BY_STATE: Mapping[str, str] = {
    "0A000": "the schema was changed meanwhile",
    "08P01": "refused by a pooler in between, whose log says why",
    "25006": "this server can only be read, as a standby",
    "25P03": "a transaction was left idle for too long",
    "26000": "a pooler in between does not keep prepared statements",
    "28000": "this role is not let in from here, or not without TLS (pg_hba.conf)",
    "28P01": "wrong password, or no such role",
    "3D000": "no such database",
    "42501": "this role may not connect to the database",
    "42P05": "a pooler in between mixes up prepared statements",
    "53100": "the server's disk is full",
    "53300": "the server has no connection to spare",
    "55P03": "a lock was not free in time",
    "57014": "the statement was cancelled, as at its time limit",
    "57P01": "the server is shutting down",
    "57P03": "the server is starting up or shutting down",
}
# pgbouncer has one SQLSTATE for everything; these are words of its texts, which are not repeated.
BY_POOLER: Mapping[str, str] = {
    "unsupported startup parameter": "a pooler in between refuses a start-up parameter",
    "no such database": "the pooler in between has no such database",
    "no such user": "the pooler in between knows no such role",
    "password authentication failed": "the pooler in between refuses the password",
    "auth failed": "the pooler in between refuses the password",
    "SASL authentication failed": "the pooler in between refuses the password",
    "bouncer config error": "the pooler in between is not set up for this role",
    "no more connections allowed": "the pooler in between has no connection to spare",
    "SSL required": "the pooler in between wants TLS",
}


# The first that fits.
BY_TYPE: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "no such host"),
    (ConnectionRefusedError, "nobody listens there"),
    (FileNotFoundError, "a file or a socket that the URL names is not there"),
    (TimeoutError, "no answer, or no connection free, in time"),
    (ValueError, "the URL's parameters do not fit"),
)


def cause_of(error: BaseException) -> str:
    """Say why connecting failed."""
    if (state := getattr(error, "sqlstate", None)) is not None:
        return _of_server(state, str(error))
    match error:
        case ssl.SSLCertVerificationError():
            return f"TLS: the certificate is not believed: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS: {error.reason or type(error).__name__}"
        case ConnectionError() if "SSL" in str(error):  # the driver's own word for a refusal
            return "TLS: the server does not offer it, or refuses it"
    for kind, words in BY_TYPE:
        if isinstance(error, kind):
            return words
    return type(error).__name__


def _of_server(state: str, text: str) -> str:
    for beginning, words in BY_POOLER.items():
        if state == "08P01" and beginning in text:
            return f"{words} ({state})"
    return f"{BY_STATE.get(state, 'refused by the server')} ({state})"
