"""A private certificate authority, and servers' certificates of it or of their own."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def authority(name: str = "Practice network CA") -> Pair:
    """Make an authority."""
    return made(name, None, x509.BasicConstraints(ca=True, path_length=0))


def certificate_of(by: Pair | None, *, host: str = "127.0.0.1") -> Pair:
    """Make a server's certificate for a name or an address; of no authority, it signs itself."""
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    return made("a server", by, constraints, x509.SubjectAlternativeName([named(host)]))


def named(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def made(name: str, by: Pair | None, *extensions: x509.ExtensionType) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return Pair(certificate=builder.sign(by.key if by else key, hashes.SHA256()), key=key)


def served_with(pair: Pair, folder: Path) -> ssl.SSLContext:
    """Make a server's context."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(written(pair, folder), key_written(pair, folder))
    return context


def written(pair: Pair, folder: Path) -> Path:
    """Write a certificate where a setting can name it."""
    file = folder / f"{pair.certificate.serial_number}.pem"
    file.write_bytes(pair.certificate.public_bytes(Encoding.PEM))
    return file


def key_written(pair: Pair, folder: Path) -> Path:
    """Write its key, for the server alone."""
    file = folder / f"{pair.certificate.serial_number}.key"
    file.touch(mode=0o600)
    file.write_bytes(pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file
