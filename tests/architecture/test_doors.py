"""One door per library, SQL in its places, and packages that are ours."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import services
import shared
from tests.support.proof import ROOT

DOORS = {
    "asyncpg": "shared/db.py",
    "aio_pika": "shared/messaging/broker.py",
    "aiormq": "shared/messaging/broker.py",
    "bcrypt": "shared/trust/hashing.py",
    "cbor2": "services/identity/passkeys/cbor.py",
    "cryptography": "shared/trust/ciphers.py",
    "idna": "shared/contracts/domains.py",
    "jwt": "shared/trust/signed.py",
    "pyotp": "services/identity/two_step/authenticator.py",
    "prometheus_client": "shared/metrics.py",
    "rich": "shared/program/bar.py",
    "webauthn": "services/identity/passkeys/authenticators.py",
    "structlog": "shared/logs.py",
    "aiosmtplib": "services/notify/sending/channels/smtp.py",
    "babel": "services/notify/sending/moments.py",
    "jinja2": "services/notify/sending/render.py",
    "zxcvbn": "services/identity/passwords/common_list.py",
}
LONGEST = 300  # lines of a module
STATEMENT = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|CREATE|ALTER|GRANT) [a-zA-Z(*]"
)
PLUMBING_WITH_TABLES = (
    "shared/messaging",
    "shared/idempotency.py",
    "shared/limits.py",
    "shared/one_time.py",
    "shared/publication_runs.py",
    "shared/publications.py",
    "shared/http/client_budgets.py",
    "shared/http/source_budget.py",
    "shared/audit",
    "shared/clock.py",
    "shared/database_server.py",
    "shared/db.py",
    "shared/trust/grants.py",
    "shared/locks.py",
    "shared/migrate.py",
    "shared/trust/keyring.py",
    "shared/trust/own_keys.py",
    "shared/trust/public_keys.py",
    "shared/trust/spent_grants.py",
)


def product() -> Iterator[Path]:
    for package in ("services", "shared"):
        yield from (ROOT / package).rglob("*.py")


@cache
def imports(path: Path) -> set[str]:
    """The root packages a module imports, at its top or inside."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize(("library", "door"), DOORS.items())
def test_each_library_is_imported_by_one_module(library: str, door: str) -> None:
    importers = {str(path.relative_to(ROOT)) for path in product() if library in imports(path)}

    assert importers == {door}


def test_sql_stands_only_in_stores_and_in_plumbing_with_tables() -> None:
    strangers = []
    for path in product():
        place = str(path.relative_to(ROOT))
        if "/store/" in place or place.startswith(PLUMBING_WITH_TABLES):
            continue
        strangers += [
            f"{place}:{node.lineno}"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and STATEMENT.match(node.value)
        ]
    assert strangers == []


def test_the_packages_are_ours() -> None:
    for package in (services, shared):
        assert package.__file__ is not None
        assert Path(package.__file__).is_relative_to(ROOT)


def test_no_module_is_a_bucket() -> None:
    buckets = {"utils", "helpers", "common", "base", "manager", "misc", "util"}

    assert [path for path in product() if path.stem in buckets] == []


def others_privates(source: str) -> set[str]:
    """The private names that a module reads and does not make itself."""
    read, made, supers = set(), set(), set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name):
                supers.add(name)
            case ast.Attribute(attr=name, ctx=ast.Load()):
                read.add(name)
            case (
                ast.Attribute(attr=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.AnnAssign(target=ast.Name(id=name))
            ):
                made.add(name)
    return {name for name in read - made | supers if re.match(r"_[^_]", name)}


def test_no_module_uses_what_is_private_to_another_or_to_a_library() -> None:
    found = {str(path.relative_to(ROOT)): others_privates(path.read_text()) for path in product()}

    assert {place: names for place, names in found.items() if names} == {}, (
        "A private part changes without a word: find the public way, or leave the thing out."
    )


@pytest.mark.parametrize(
    "body", ["return self._waiter", "return made._kwargs", "return super()._make_server()"]
)
def test_what_is_private_elsewhere_is_found(body: str) -> None:
    assert others_privates(f"class A(B):\n    def _make_server(self, made):\n        {body}")


def test_a_module_longer_than_two_screens_says_why_it_is_one_piece() -> None:
    """House rule: three hundred lines, or a reason beside them."""
    silent = [
        str(path.relative_to(ROOT))
        for package in ("services", "shared", "deploy")
        for path in (ROOT / package).rglob("*.py")
        if len((text := path.read_text()).splitlines()) > LONGEST
        and "one piece" not in (ast.get_docstring(ast.parse(text)) or "").lower()
    ]

    assert silent == [], "Split it, or say in its docstring why it is one piece."
