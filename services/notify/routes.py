"""Notify's verbs, each with its guard: one file to read for who may do what."""

from services.notify.bounces.api.bounces import take_bounce
from services.notify.budgets import COMMUNICATIONS
from services.notify.communications.api.communications import submit_communication
from services.notify.communications.errors import ReferenceReused
from services.notify.features import Features
from services.notify.ledger.api.deliveries import list_deliveries, list_practice_deliveries
from services.notify.notices.api.notices import dismiss_notice, list_notices, read_notice
from services.notify.suppressions.api.suppressions import lift_suppressions, list_suppressions
from services.notify.suppressions.errors import TooManyLifts
from shared.contracts.scopes import Scope
from shared.errors import NotFound
from shared.http.guards import Client, Practice, Session
from shared.http.own_source import source_at
from shared.http.routes import Form, Limits, Route, lifted, route

LONGEST_MESSAGE = 256 * 1024  # a report with all of the mail that it returns

# fmt: off
ROUTES: tuple[Route[Features], ...] = (
    *lifted(lambda of: of.notices, (
        route("GET", "/notices", Session(),
              list_notices, rows=("NT-8",),
              summary="List what I am to be told and could not be mailed"),
        route("POST", "/notices/{notice_id}/read", Session(),
              read_notice, rows=("NT-8",),
              summary="Note that I have read a notice",
              problems=(NotFound,)),
        route("POST", "/notices/{notice_id}/dismiss", Session(),
              dismiss_notice, rows=("NT-8",),
              summary="Put a notice away for good",
              problems=(NotFound,)),
    )),
    *lifted(lambda of: of.ledger, (
        route("GET", "/deliveries", Session(),
              list_deliveries, rows=("NT-5",),
              summary="List what was sent to me"),
        route("GET", "/practice/deliveries", Practice(Scope.DELIVERIES_READ),
              list_practice_deliveries, rows=("NT-5", "ST-1"), query=("patient_id", "after"),
              summary="List what became of this practice's communications, to one patient or all"),
    )),
    *lifted(lambda of: of.suppressions, (
        route("GET", "/suppressions", Session(),
              list_suppressions, rows=("NT-5",),
              summary="List my addresses to which nothing is mailed, since mails come back"),
        route("POST", "/suppressions/lift", Session(),
              lift_suppressions, rows=("NT-5",),
              summary="Have mails sent to my addresses again",
              problems=(TooManyLifts,)),
    )),
    *lifted(lambda of: of.communications, (
        route("POST", "/communications", Practice(Scope.COMMUNICATIONS_WRITE),
              submit_communication, status=202,
              counts_on=(COMMUNICATIONS,), rows=("NT-1", "NT-2", "NT-9"),
              summary="Let a patient know that something waits in the portal",
              problems=(ReferenceReused,)),
    )),
    *lifted(lambda of: of.bounces, (
        route("POST", "/bounces", Client(Scope.BOUNCES_WRITE),
              take_bounce, form=Form.MESSAGE, limits=Limits(body_bytes=LONGEST_MESSAGE),
              rows=("NT-5",),
              summary="Hand over a mail that came to a return path"),
    )),
    source_at("notify"),
)
# fmt: on
