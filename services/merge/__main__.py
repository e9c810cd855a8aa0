"""Merge's process: serve, migrate, and the operator's verbs."""

import os
import sys
from importlib.resources import files

from services.merge.actions import Action
from services.merge.app import compose
from services.merge.checkups import CHECKUPS
from services.merge.metrics import METRICS
from services.merge.projections.features import PROJECTIONS
from services.merge.routes import ROUTES
from services.merge.settings import MergeSettings
from shared.program.commands import main
from shared.program.program import Program

PROGRAM = Program(
    service="merge",
    settings=MergeSettings,
    routes=ROUTES,
    compose=compose,
    migrations=files("services.merge") / "migrations",
    actions=Action,
    checkups=CHECKUPS,
    metrics=METRICS,
    projections=PROJECTIONS,
)

if __name__ == "__main__":
    raise SystemExit(main(PROGRAM, sys.argv[1:], os.environ))
