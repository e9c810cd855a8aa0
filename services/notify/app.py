"""Notify's composition root: every dependency on one screen."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from services.notify.alarms import Alarms
from services.notify.channels.connections import Connections
from services.notify.channels.smtp import Conversation, Dialer, SmtpChannel, SmtpServer
from services.notify.claims import ActivityClaims, CommunicationClaims
from services.notify.consumers import subscriptions
from services.notify.courier import Courier
from services.notify.features import Features
from services.notify.intake import Intake
from services.notify.ledger import Ledger
from services.notify.merges import Merges
from services.notify.model import MessageClass
from services.notify.notices import Notices
from services.notify.nudge import Nudge
from services.notify.projections import Projections
from services.notify.reaper import Reaper
from services.notify.render import Portal, Renderer
from services.notify.settings import NotifySettings
from shared.contracts.keys import KeyPurpose
from shared.loops import Loop
from shared.program import Composition, Plumbing
from shared.sealing import Opener

IDLE_LOOK_SECONDS = 5.0


def compose(plumbing: Plumbing[NotifySettings]) -> Composition[Features]:
    """Put the service together; nothing is started. Each class has its own of everything (NT-1)."""
    settings = plumbing.settings
    own_keys = plumbing.own_keys(KeyPurpose.SEALING)
    dialer = Dialer(server=SmtpServer.of(settings))
    connections = Connections(
        begin=dialer.begin,
        each=settings.smtp_connections,
        clock=plumbing.clock,
        randomness=plumbing.randomness,
        metrics=plumbing.metrics,
    )
    activity_mail = channel(MessageClass.ACCOUNT_ACTIVITY, dialer, connections)
    communication_mail = channel(MessageClass.PRACTICE_COMMUNICATION, dialer, connections)
    activity = Courier(
        message_class=MessageClass.ACCOUNT_ACTIVITY,
        claims=ActivityClaims(),
        channel=activity_mail,
        batch=settings.smtp_connections,  # fills the connections once
        lease=timedelta(seconds=settings.lease_seconds),
        database=plumbing.database,
        clock=plumbing.clock,
        randomness=plumbing.randomness,
        metrics=plumbing.metrics,
        opener=Opener(own_keys=own_keys),
        renderer=renderer(settings),
        alarms=Alarms(clock=plumbing.clock, metrics=plumbing.metrics),
    )
    communication = replace(
        activity,
        message_class=MessageClass.PRACTICE_COMMUNICATION,
        claims=CommunicationClaims(),
        channel=communication_mail,
    )
    courier_loops = loops(activity, settings) + loops(communication, settings)
    ledger = Ledger(
        clock=plumbing.clock,
        randomness=plumbing.randomness,
        digests=plumbing.digests,
        database=plumbing.database,
        nudge=Nudge(events=tuple(loop.wake for loop in courier_loops)),
    )
    features = Features(
        projections=Projections(database=plumbing.database),
        ledger=ledger,
        merges=Merges(ledger=ledger, outbox=plumbing.outbox, clock=plumbing.clock),
        notices=Notices(database=plumbing.database, renderer=activity.renderer),
        intake=Intake(database=plumbing.database, outbox=plumbing.outbox, audit=plumbing.audit),
        activity_courier=activity,
        communication_courier=communication,
        reaper=Reaper(
            database=plumbing.database,
            clock=plumbing.clock,
            randomness=plumbing.randomness,
            metrics=plumbing.metrics,
        ),
    )
    reaper = Loop(name="reaper", once=features.reaper.once, every=settings.lease_seconds / 3)
    idle = Loop(name="smtp-idle", once=connections.rest, every=IDLE_LOOK_SECONDS)
    return Composition(
        features=features,
        subscriptions=subscriptions(features, plumbing.public_keys),
        loops=(*courier_loops, reaper, idle),
        own_keys=own_keys,
        closers=(connections.close,),
        probes={"smtp": activity_mail.probe, "smtp-practice": communication_mail.probe},
    )


def renderer(settings: NotifySettings) -> Renderer:
    """What mails say of the portal."""
    return Renderer.of(
        Portal(
            name=settings.portal_name,
            url=settings.portal_url,
            mail_from=settings.mail_from,
            mail_domain=settings.mail_domain,
        )
    )


def channel(
    of: MessageClass, dialer: Dialer, connections: Connections[Conversation]
) -> SmtpChannel:
    """A class's way to the mail server: connections of its own as far as the server takes them."""
    return SmtpChannel(message_class=of, dialer=dialer, connections=connections)


def loops(of: Courier, settings: NotifySettings) -> tuple[Loop, ...]:
    """Several a class: while one waits for a slow mail, another claims the next."""
    return tuple(
        Loop(
            name=f"courier-{of.message_class}-{number}",
            once=of.once,
            every=settings.courier_seconds,
            wake=asyncio.Event(),
        )
        for number in range(1, settings.courier_loops + 1)
    )
