"""Every page of the portal with who may see it: one file to read for the whole map."""

from deploy.gateway.pages import (
    added_practices,
    addresses,
    apps,
    confirmations,
    devices,
    emails,
    enrol,
    enrolment_proofs,
    forgotten,
    gates,
    help,
    home,
    language,
    locales,
    log_on,
    merge,
    not_me,
    notifications,
    numbers,
    offers,
    passkeys,
    password_changes,
    passwords,
    practice_tokens,
    questions,
    requests,
    second_steps,
    sent,
    sessions,
    settings,
    two_step,
    unsubscribe,
    usernames,
)
from deploy.gateway.pages.site import Site
from deploy.gateway.web.routes import SLOT, Route

ROUTES: tuple[Route[Site], ...] = (
    *log_on.ROUTES,
    *language.ROUTES,
    *enrolment_proofs.ROUTES,
    *enrol.ROUTES,
    *requests.ROUTES,
    *added_practices.ROUTES,
    *passwords.ROUTES,
    *forgotten.ROUTES,
    *practice_tokens.ROUTES,
    *questions.ROUTES,
    *not_me.ROUTES,
    *second_steps.ROUTES,
    *two_step.ROUTES,
    *gates.ROUTES,
    *emails.ROUTES,
    *home.ROUTES,
    *sent.ROUTES,
    *help.ROUTES,
    *offers.ROUTES,
    *merge.ROUTES,
    *settings.ROUTES,
    *confirmations.ROUTES,
    *passkeys.ROUTES,
    *devices.ROUTES,
    *sessions.ROUTES,
    *notifications.ROUTES,
    *addresses.ROUTES,
    *numbers.ROUTES,
    *unsubscribe.ROUTES,
    *usernames.ROUTES,
    *password_changes.ROUTES,
    *locales.ROUTES,
    *apps.ROUTES,
)


def own_paths(routes: tuple[Route[Site], ...] = ROUTES) -> frozenset[str]:
    """List the pages that one may be sent back to: those with an address of their own."""
    return frozenset(
        route.path for route in routes if route.method == "GET" and not SLOT.search(route.path)
    ) - {"/session/ends", *apps.PATHS}
