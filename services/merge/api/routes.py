"""Merge's verbs on one screen: none yet but what the plumbing gives every service (health)."""

from services.merge.features import Features
from shared.http.routes import Route

ROUTES: tuple[Route[Features], ...] = ()
