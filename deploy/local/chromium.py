"""Debian's chromium, which `make browse` drives, and fonts for the letters that pages show.

Its build without windows: the other one takes half as much again of the processor in headless mode.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from deploy.local.errors import SourceUnavailable
from deploy.local.packages import install
from deploy.local.processes import Say

PROGRAM = "chromium-headless-shell"
# Recommended packages stay out, so the fonts are named: a page in boxes proves nothing.
PACKAGES = (PROGRAM, "fonts-liberation", "fonts-noto-core")


async def installed(environ: Mapping[str, str], say: Say) -> Path:
    """Return the browser's program, installed with apt where it is missing.

    Raises SourceUnavailable with the command to type.
    """
    if find() is None:
        await install(PACKAGES, environ, say)
    program = find()
    if program is None:
        raise SourceUnavailable(f"{PROGRAM} is installed, and yet not found")
    return program


def find() -> Path | None:
    """Return the browser's program, if it is on this machine."""
    found = shutil.which(PROGRAM)
    return Path(found) if found else None
