"""TLS: what a URL's sslmode means with a CA and without."""

import ssl
from pathlib import Path

import pytest

from shared.tls import of_postgres
from tests.support.certificates import authority, written


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(authority(), tmp_path_factory.mktemp("ca"))


@pytest.mark.parametrize(
    ("mode", "with_ca", "without"),
    [
        ("verify-full", (True, True), (True, True)),
        ("verify-ca", (True, False), (True, False)),
        ("require", (True, False), None),  # encrypted, but towards whoever answers
        ("prefer", None, None),
        ("disable", None, None),
    ],
)
def test_what_is_verified(
    ca: Path, mode: str, with_ca: tuple[bool, bool] | None, without: tuple[bool, bool] | None
) -> None:
    """Certificate and name; None: the driver goes by the URL, and verifies nothing."""
    url = f"postgresql://a@db.example/x?sslmode={mode}"

    assert verified(of_postgres(url, ca)) == with_ca
    assert verified(of_postgres(url, None)) == without


@pytest.mark.parametrize("own", ["sslrootcert=/a.pem", "sslcert=/b.pem"])
def test_files_that_the_url_names_are_the_driver_s(ca: Path, own: str) -> None:
    assert of_postgres(f"postgresql://a@db.example/x?sslmode=verify-full&{own}", ca) is None


def verified(context: ssl.SSLContext | None) -> tuple[bool, bool] | None:
    if context is None:
        return None
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    return context.verify_mode is ssl.CERT_REQUIRED, context.check_hostname
