"""Recovery's process: serve, migrate, and the operator's verbs."""

import os
import sys
from importlib.resources import files

from services.recovery.actions import Action
from services.recovery.app import compose
from services.recovery.checkups import CHECKUPS
from services.recovery.metrics import METRICS
from services.recovery.operator_verbs import VERBS
from services.recovery.projections.projections import PROJECTIONS
from services.recovery.routes import ROUTES
from services.recovery.settings import RecoverySettings
from shared.program.commands import main
from shared.program.program import Program

PROGRAM = Program(
    service="recovery",
    settings=RecoverySettings,
    routes=ROUTES,
    compose=compose,
    migrations=files("services.recovery") / "migrations",
    actions=Action,
    verbs=VERBS,
    checkups=CHECKUPS,
    metrics=METRICS,
    projections=PROJECTIONS,
)

if __name__ == "__main__":
    raise SystemExit(main(PROGRAM, sys.argv[1:], os.environ))
