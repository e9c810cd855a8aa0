"""Notify's verbs on one screen."""

from services.notify.api.communications import (
    SubmitCommunication,
    Submitted,
    submit_communication,
)
from services.notify.api.deliveries import (
    Deliveries,
    PracticeDeliveries,
    list_deliveries,
    list_practice_deliveries,
)
from services.notify.api.notices import Notices, dismiss_notice, list_notices, read_notice
from services.notify.errors import NotFound, PatientOfAnotherPractice, ReferenceReused
from services.notify.features import Features
from shared.http.own_source import source_at
from shared.http.routes import Client, NoBody, NoReply, Route, Session, route

ROUTES: tuple[Route[Features], ...] = (
    route(
        "POST",
        "/communications",
        submit_communication,
        body=SubmitCommunication,
        reply=Submitted,
        guard=Client("communications:write"),
        summary="Let a patient know that something waits in the portal",
        status=202,
        problems=(PatientOfAnotherPractice, ReferenceReused),
        rows=("NT-1", "NT-2", "NT-9"),
    ),
    route(
        "GET",
        "/deliveries",
        list_deliveries,
        body=NoBody,
        reply=Deliveries,
        guard=Session(),
        summary="List what was sent to me",
        rows=("NT-5",),
    ),
    route(
        "GET",
        "/notices",
        list_notices,
        body=NoBody,
        reply=Notices,
        guard=Session(),
        summary="List what I am to be told and could not be mailed",
        rows=("NT-8",),
    ),
    route(
        "POST",
        "/notices/{notice_id}/read",
        read_notice,
        body=NoBody,
        reply=NoReply,
        guard=Session(),
        summary="Note that I have read a notice",
        status=204,
        problems=(NotFound,),
        rows=("NT-8",),
    ),
    route(
        "POST",
        "/notices/{notice_id}/dismiss",
        dismiss_notice,
        body=NoBody,
        reply=NoReply,
        guard=Session(),
        summary="Put a notice away for good",
        status=204,
        problems=(NotFound,),
        rows=("NT-8",),
    ),
    route(
        "GET",
        "/practice/deliveries",
        list_practice_deliveries,
        body=NoBody,
        reply=PracticeDeliveries,
        guard=Client("deliveries:read"),
        summary="List what became of this practice's communications",
        rows=("NT-5",),
    ),
    source_at("notify"),
)
