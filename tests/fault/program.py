"""`python -m tests.fault.program FOLDER SERVICE`: a service with a trap at each crash point."""

import importlib
import os
import sys
from pathlib import Path

from shared.program.commands import main
from tests.fault.seams import SeamMissing, install, seams
from tests.fault.trap import Trap

UNFIT = 3


def serve(folder: str, service: str) -> int:
    """Do what `python -m services.SERVICE` does."""
    try:
        install(Trap(Path(folder), service), seams(service))
    except SeamMissing as missing:
        sys.stderr.write(f"tests/fault/seams.py does not fit the product: {missing}\n")
        return UNFIT
    return main(importlib.import_module(f"services.{service}.__main__").PROGRAM, [], os.environ)


if __name__ == "__main__":
    raise SystemExit(serve(*sys.argv[1:]))
