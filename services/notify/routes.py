"""Notify's verbs, each with its guard, on one screen."""

from services.notify.communications.api.communications import (
    SubmitCommunication,
    Submitted,
    submit_communication,
)
from services.notify.communications.errors import PatientOfAnotherPractice, ReferenceReused
from services.notify.features import Features
from services.notify.ledger.api.deliveries import (
    Deliveries,
    PracticeDeliveries,
    list_deliveries,
    list_practice_deliveries,
)
from services.notify.notices.api.notices import Notices, dismiss_notice, list_notices, read_notice
from shared.errors import NotFound
from shared.http.own_source import source_at
from shared.http.routes import Client, NoBody, NoReply, Route, Session, lifted, route

# fmt: off
ROUTES: tuple[Route[Features], ...] = (
    *lifted(lambda of: of.notices, (
        route("GET", "/notices", list_notices, body=NoBody, reply=Notices,
              guard=Session(), rows=("NT-8",),
              summary="List what I am to be told and could not be mailed"),
        route("POST", "/notices/{notice_id}/read", read_notice, body=NoBody, reply=NoReply,
              guard=Session(), status=204, rows=("NT-8",), problems=(NotFound,),
              summary="Note that I have read a notice"),
        route("POST", "/notices/{notice_id}/dismiss", dismiss_notice, body=NoBody, reply=NoReply,
              guard=Session(), status=204, rows=("NT-8",), problems=(NotFound,),
              summary="Put a notice away for good"),
    )),
    *lifted(lambda of: of.ledger, (
        route("GET", "/deliveries", list_deliveries, body=NoBody, reply=Deliveries,
              guard=Session(), rows=("NT-5",),
              summary="List what was sent to me"),
        route("GET", "/practice/deliveries", list_practice_deliveries,
              body=NoBody, reply=PracticeDeliveries,
              guard=Client("deliveries:read"), rows=("NT-5",),
              summary="List what became of this practice's communications"),
    )),
    *lifted(lambda of: of.communications, (
        route("POST", "/communications", submit_communication,
              body=SubmitCommunication, reply=Submitted,
              guard=Client("communications:write"), status=202, rows=("NT-1", "NT-2", "NT-9"),
              problems=(PatientOfAnotherPractice, ReferenceReused),
              summary="Let a patient know that something waits in the portal"),
    )),
    source_at("notify"),
)
# fmt: on
