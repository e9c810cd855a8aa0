"""Every page of the desk with who may see it."""

from deploy.gateway.desk import disclaimer, dormancy, log_on, patients, practice
from deploy.gateway.desk.site import Desk
from deploy.gateway.web.routes import Route

ROUTES: tuple[Route[Desk], ...] = (
    *log_on.ROUTES,
    *patients.ROUTES,
    *dormancy.ROUTES,
    *practice.ROUTES,
    *disclaimer.ROUTES,
)
