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
from services.notify.errors import ReferenceReused
from services.notify.features import Features
from shared.http.routes import Client, NoBody, Route, Session, route

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
        problems=(ReferenceReused,),
        rows=("NT-1", "NT-9"),
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
        "/practice/deliveries",
        list_practice_deliveries,
        body=NoBody,
        reply=PracticeDeliveries,
        guard=Client("deliveries:read"),
        summary="List what became of this practice's communications",
        rows=("NT-5",),
    ),
)
