"""TLS towards servers: whose certificates are believed, the same for all three (V12.3)."""

import ssl
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

OF_THE_URL = ("sslrootcert", "sslcert")  # who names files there is read by the driver, as libpq


def trusting(ca: Path | None) -> ssl.SSLContext:
    """Make a client's context: TLS 1.2 or newer, certificate and name are verified.

    A private CA is believed besides the system's, since one server may be inside and one outside.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca is not None:
        context.load_verify_locations(cafile=ca)
    return context


def believing() -> ssl.SSLContext:
    """Make the context of who takes any certificate: no bundle is read, since none is compared."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def of_broker(url: str, ca: Path | None) -> ssl.SSLContext | None:
    """Make the context for RabbitMQ or its management API; None where the URL asks for no TLS."""
    return trusting(ca) if urlsplit(url).scheme in ("amqps", "https") else None


def of_postgres(url: str, ca: Path | None) -> ssl.SSLContext | None:
    """Make the context that the URL's `sslmode` asks for; None: the driver follows the URL alone.

    The modes are libpq's: with a CA `require` verifies the certificate too, and `verify-ca` leaves
    out the name. Made once, since reading a bundle for each connection would hold the event loop.
    """
    query = parse_qs(urlsplit(url).query)
    mode = query.get("sslmode", [""])[-1]
    verified = (
        ("verify-full", "verify-ca") if ca is None else ("verify-full", "verify-ca", "require")
    )
    if mode not in verified or any(name in query for name in OF_THE_URL):
        return None
    context = trusting(ca)
    context.check_hostname = mode == "verify-full"
    return context
