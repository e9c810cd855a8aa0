"""Secrets of a stack: random, made once, whole, and for their owner only."""

import stat
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.kept_secrets import KEY_BYTES, KeptSecrets


def test_a_secret_is_made_once_and_no_two_are_alike(tmp_path: Path) -> None:
    secrets = KeptSecrets(tmp_path / "secrets")
    first = secrets.password("role identity")

    assert KeptSecrets(tmp_path / "secrets").password("role identity") == first
    assert secrets.password("role notify") != first
    assert KeptSecrets(tmp_path / "other").password("role identity") != first


def test_a_key_is_as_many_bytes_as_a_service_takes(tmp_path: Path) -> None:
    key = KeptSecrets(tmp_path).key("key-encryption key notify")

    assert len(b64decode(key, validate=True)) == KEY_BYTES


def test_who_asks_at_the_same_time_is_given_the_same(tmp_path: Path) -> None:
    def ask(_: int) -> str:
        return KeptSecrets(tmp_path / "secrets").password("role identity")

    with ThreadPoolExecutor(16) as racers:
        assert len(set(racers.map(ask, range(64)))) == 1

    [file] = (tmp_path / "secrets").iterdir()  # no draft is left
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
