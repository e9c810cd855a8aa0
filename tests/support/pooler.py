"""Debian's pgbouncer, between the services and a test's database."""

import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from yarl import URL

from deploy.local import ports
from deploy.local.packages import install
from deploy.local.postgres import answers
from deploy.local.processes import Run, unprivileged
from deploy.local.provision import ROLES
from tests.support.database import Database
from tests.support.infra import FOLDER, one_at_a_time

PACKAGE = "pgbouncer"
PLACES = f"/usr/sbin:{os.defpath}"  # Debian's is no program for everybody
SETTINGS = """
[databases]
* = host={host} port={port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = {mode}
default_pool_size = {servers}
{more}
"""


@asynccontextmanager
async def pooled(
    database: Database, mode: str, *, environ: Mapping[str, str], servers: int = 4, more: str = ""
) -> AsyncIterator[Database]:
    """Hold a pgbouncer of the test's own; the database as it is seen through it."""
    if shutil.which(PACKAGE, path=PLACES) is None:
        with one_at_a_time("pgbouncer"):
            await install([PACKAGE], environ, print)
    run, user, own_port = Run(FOLDER), unprivileged("nobody"), ports.free_port()
    try:
        folder = run.private_folder("pgbouncer", user=user)
        behind = URL(database.administrator_url)
        known = [URL(database.role_url(role)) for role in ROLES] + [behind]
        users, settings = folder / "users.txt", folder / "pgbouncer.ini"
        users.write_text("".join(f'"{url.user}" "{url.password}"\n' for url in known))
        settings.write_text(
            SETTINGS.format(
                host=behind.host,
                port=behind.port,
                own_port=own_port,
                users=users,
                mode=mode,
                servers=servers,
                more=more,
            )
        )
        for file in (users, settings):
            file.chmod(0o600)
            if user is not None:
                shutil.chown(file, user)
        program = run.start(
            PACKAGE,
            [PACKAGE, settings],
            environ={"PATH": PLACES},
            log=folder / "pgbouncer.log",
            folder=folder,
            user=user,
        )
        url = str(behind.with_host(ports.LOOPBACK).with_port(own_port))
        await answers(url, check=program.check)
        yield replace(database, servers=replace(database.servers, postgres_url=url))
    finally:
        await run.stop()
