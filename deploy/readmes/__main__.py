"""`python -m deploy.readmes`: write the tables into the services' READMEs."""

import sys
from importlib import import_module
from pathlib import Path

from deploy.readmes import rendered
from deploy.readmes.marks import MarkMissing
from shared.contracts.topology import SERVICES

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Write, and name what was changed; 1 where a README has no place for a table."""
    for service in SERVICES:
        readme = ROOT / "services" / service / "README.md"
        program = import_module(f"services.{service}.__main__").PROGRAM
        try:
            made = rendered(program, readme.read_text())
        except MarkMissing as missing:
            print(f"{readme.relative_to(ROOT)}: {missing}")
            return 1
        if made != readme.read_text():
            readme.write_text(made)
            print(f"{readme.relative_to(ROOT)} is new")
    return 0


if __name__ == "__main__":
    sys.exit(main())
