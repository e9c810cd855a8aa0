"""A PostgreSQL under a private CA: believed where the setting names it, and by its name."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from yarl import URL

from deploy.client.eventually import eventually
from deploy.local import postgres
from deploy.local.packages import install
from deploy.local.processes import Run, unprivileged
from shared.db import Database, one_connection
from shared.errors import DatabaseUnavailable
from tests.support.certificates import Pair, authority, certificate_of, key_written, written
from tests.support.infra import FOLDER, one_at_a_time

ASK = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@pytest.fixture(scope="module")
def ca() -> Pair:
    return authority()


@pytest.fixture(scope="module")
def ca_file(ca: Pair, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(ca, tmp_path_factory.mktemp("ca"))


@pytest_asyncio.fixture(scope="module")
async def server(ca: Pair) -> AsyncIterator[str]:
    """A server of this module's own, whose certificate says localhost and no address."""
    if postgres.find() is None:
        with one_at_a_time("prepare"):
            await install([postgres.PACKAGE], os.environ, print)
    run, user = Run(FOLDER), unprivileged("postgres")
    try:
        url = await postgres.start(run, environ={"PATH": os.defpath}, durable=False)
        folder = run.private_folder("tls", user=user)
        own = certificate_of(ca, host="localhost")
        certificate, key = written(own, folder), key_written(own, folder)
        for file in (certificate, key):
            if user is not None:
                shutil.chown(file, user)
        await reloaded(
            url,
            f"ALTER SYSTEM SET ssl_cert_file = '{certificate}'",
            f"ALTER SYSTEM SET ssl_key_file = '{key}'",
            "ALTER SYSTEM SET ssl = on",
        )
        await eventually(lambda: encrypts(url))
        yield url
    finally:
        await run.stop()


async def encrypts(url: str) -> None:
    assert await encrypted(url)


async def encrypted(url: str, ca: Path | None = None) -> bool:
    pool = Database(url, application="test", ca=ca, size=1, wait=5.0)
    try:
        async with pool.connection() as connection:
            return bool(await connection.fetchval(ASK))
    finally:
        await pool.close()


def asking(url: str, mode: str, host: str = "localhost") -> str:
    return str(URL(url).with_host(host).with_query(sslmode=mode))


@pytest.mark.proves("V12.3.1")
@pytest.mark.parametrize("mode", ["verify-full", "verify-ca", "require"])
async def test_the_private_ca_is_believed_where_named(
    server: str, ca_file: Path, mode: str
) -> None:
    url = asking(server, mode)

    assert await encrypted(url, ca_file)
    async with one_connection(url, application="test", ca=ca_file) as connection:
        assert await connection.fetchval(ASK)


@pytest.mark.proves("V12.3.1")
async def test_a_certificate_of_nobody_known_is_not_believed(server: str, tmp_path: Path) -> None:
    other = written(authority("somebody else"), tmp_path)

    for believed in (None, other):
        with pytest.raises(DatabaseUnavailable, match="TLS: the certificate is not believed"):
            await encrypted(asking(server, "verify-full"), believed)


async def test_a_certificate_of_another_name_is_told(server: str, ca_file: Path) -> None:
    address = asking(server, "verify-full", "127.0.0.1")

    with pytest.raises(DatabaseUnavailable, match=r"not believed: .*127\.0\.0\.1"):
        await encrypted(address, ca_file)
    assert await encrypted(asking(server, "verify-ca", "127.0.0.1"), ca_file)


async def test_the_other_modes_are_as_the_url_says(server: str, ca_file: Path) -> None:
    assert await encrypted(asking(server, "prefer"), ca_file)
    assert await encrypted(asking(server, "require"))
    assert not await encrypted(asking(server, "disable"), ca_file)


async def reloaded(server: str, *statements: str) -> None:
    """Have the server read its configuration again, once it was changed so."""
    async with one_connection(server, application="test") as administrator:
        for statement in statements:
            await administrator.execute(statement)
        await administrator.execute("SELECT pg_reload_conf()")


async def refusal(url: str, ca: Path | None = None) -> str:
    """What is told once the server refuses."""

    async def refuses() -> str:
        try:
            await encrypted(url, ca)
        except DatabaseUnavailable as away:
            return str(away)
        raise AssertionError

    return await eventually(refuses)


async def test_a_server_without_tls_is_told(server: str, ca_file: Path) -> None:
    await reloaded(server, "ALTER SYSTEM SET ssl = off")
    try:
        told = await refusal(asking(server, "verify-full"), ca_file)
    finally:
        await reloaded(server, "ALTER SYSTEM SET ssl = on")

    assert told == "TLS: the server does not offer it, or refuses it"


async def test_who_wants_tls_tells_it_to_who_comes_without(server: str) -> None:
    """What a server with `hostssl` alone says: the SQLSTATE of pg_hba.conf."""
    async with one_connection(server, application="test") as administrator:
        file = Path(await administrator.fetchval("SHOW hba_file"))
    before = await asyncio.to_thread(file.read_text)
    await asyncio.to_thread(file.write_text, "hostssl all all all scram-sha-256\n")
    await reloaded(server)
    try:
        told = await refusal(asking(server, "disable"))
    finally:
        await asyncio.to_thread(file.write_text, before)
        await reloaded(server)

    assert told == "this role is not let in from here, or not without TLS (pg_hba.conf) (28000)"
