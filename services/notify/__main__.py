"""Notify's process: serve, migrate, and the operator's verbs."""

import os
import sys
from importlib.resources import files

from services.notify.actions import Action
from services.notify.app import compose
from services.notify.checkups import CHECKUPS
from services.notify.metrics import METRICS
from services.notify.operator_verbs import VERBS
from services.notify.projections.features import PROJECTIONS
from services.notify.routes import ROUTES
from services.notify.settings import NotifySettings
from services.notify.snapshots import snapshots
from shared.program.commands import main
from shared.program.program import Program

PROGRAM = Program(
    service="notify",
    settings=NotifySettings,
    routes=ROUTES,
    compose=compose,
    migrations=files("services.notify") / "migrations",
    actions=Action,
    verbs=VERBS,
    checkups=CHECKUPS,
    metrics=METRICS,
    snapshots=snapshots,
    projections=PROJECTIONS,
)

if __name__ == "__main__":
    raise SystemExit(main(PROGRAM, sys.argv[1:], os.environ))
