"""Prints what an image installs: `requirements.py` what shared/ needs, `requirements.py EXTRA` that
extra alone. Run by the Dockerfiles with nothing but Python."""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
wanted = [each for extra in sys.argv[1:] for each in extras[extra]]
print("\n".join(wanted if sys.argv[1:] else project["dependencies"]))
