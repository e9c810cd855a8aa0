"""The identity service: python -m services.identity [serve | migrate | practice add | …]"""

import os
import sys
from importlib.resources import files

from services.identity.actions import Action
from services.identity.app import compose
from services.identity.checkups import CHECKUPS
from services.identity.features import Features
from services.identity.metrics import METRICS
from services.identity.operator_verbs import VERBS
from services.identity.routes import ROUTES
from services.identity.settings import Settings
from services.identity.snapshots import snapshots
from shared.program.commands import main
from shared.program.program import Program

PROGRAM: Program[Features, Settings] = Program(
    service="identity",
    settings=Settings,
    routes=ROUTES,
    compose=compose,
    migrations=files("services.identity") / "migrations",
    actions=Action,
    verbs=VERBS,
    checkups=CHECKUPS,
    metrics=METRICS,
    snapshots=snapshots,
)

if __name__ == "__main__":
    raise SystemExit(main(PROGRAM, sys.argv[1:], os.environ))
