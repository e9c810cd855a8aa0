"""Installs a missing server with apt, said aloud; the package's own daemon is not started."""

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import SourceUnavailable
from deploy.local.processes import Say

POLICY = Path("/usr/sbin/policy-rc.d")  # asked by Debian's packages before they start a daemon
NOTHING_STARTS = "#!/bin/sh\nexit 101\n"
WAIT_FOR_LOCK = ("-o", "DPkg::Lock::Timeout=300")


async def install(packages: Sequence[str], environ: Mapping[str, str], say: Say) -> None:
    """Install these Debian packages, or raise SourceUnavailable with the command to type."""
    names = " ".join(packages)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SourceUnavailable(f"{names} missing; install with `apt-get install {names}` as root")
    say(f"installing {names} with apt-get (the packages' own daemons are not started)")
    with nothing_started():
        await apt_get(environ, "update", "-qq")
        await apt_get(environ, "install", "-y", "-qq", "--no-install-recommends", *packages)


@contextmanager
def nothing_started() -> Iterator[None]:
    """Hold Debian's policy that no daemon is started; what stood there before comes back."""
    before = POLICY.read_text() if POLICY.exists() else None
    mode = POLICY.stat().st_mode if before is not None else 0o755
    POLICY.write_text(NOTHING_STARTS)
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        if before is None:
            POLICY.unlink()
        else:
            POLICY.write_text(before)
            POLICY.chmod(mode)


async def apt_get(environ: Mapping[str, str], *arguments: str) -> None:
    """Run apt-get without questions; raise SourceUnavailable with its last words if it fails."""
    process = await asyncio.create_subprocess_exec(
        "apt-get",
        *WAIT_FOR_LOCK,
        *arguments,
        env={**environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise SourceUnavailable(f"apt-get {arguments[0]} failed:\n{output.decode()[-2000:]}")
