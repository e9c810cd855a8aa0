"""Debian's oathtool: an authenticator app that others have written (RFC 6238)."""

import asyncio
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from deploy.local.errors import SourceUnavailable
from deploy.local.packages import install
from deploy.local.processes import Say

PACKAGE = "oathtool"


async def installed(environ: Mapping[str, str], say: Say) -> Path:
    """Return its program, installed with apt where it is missing. Raises SourceUnavailable."""
    if shutil.which(PACKAGE) is None:
        await install([PACKAGE], environ, say)
    program = shutil.which(PACKAGE)
    if program is None:
        raise SourceUnavailable("oathtool is installed, and yet not found")
    return Path(program)


async def shown(program: Path, secret: str, moment: datetime) -> str:
    """The code that it shows at this moment; the secret goes in by its standard input."""
    process = await asyncio.create_subprocess_exec(
        program,
        "--totp",
        "--base32",
        f"--now=@{int(moment.timestamp())}",
        "-",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(f"{secret}\n".encode())
    assert process.returncode == 0, output
    return output.decode().strip()
