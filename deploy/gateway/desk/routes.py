"""Every page of the desk with who may see it."""

from deploy.gateway.desk import (
    bulk,
    charts,
    client,
    deliveries,
    disclaimer,
    dormancy,
    handed_out,
    language,
    log_on,
    patients,
    practice,
    records,
    requests,
    reset_tokens,
    reviews,
)
from deploy.gateway.desk.site import Desk
from deploy.gateway.web.routes import Route

ROUTES: tuple[Route[Desk], ...] = (
    *log_on.ROUTES,
    *language.ROUTES,
    *records.ROUTES,
    *bulk.ROUTES,
    *patients.ROUTES,
    *requests.ROUTES,
    *handed_out.ROUTES,
    *reset_tokens.ROUTES,
    *dormancy.ROUTES,
    *deliveries.ROUTES,
    *charts.ROUTES,
    *reviews.ROUTES,
    *practice.ROUTES,
    *disclaimer.ROUTES,
    *client.ROUTES,
)
