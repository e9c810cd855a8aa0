"""What sends: each class has its own of everything (NT-1)."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain

from services.notify.ledger.ledger import Sent, Wakes
from services.notify.preferences.model import Means
from services.notify.sending.alarms import Alarms
from services.notify.sending.backlog import DueBacklog
from services.notify.sending.channels import Channel, Mail, Text
from services.notify.sending.channels.connections import Connections
from services.notify.sending.channels.conversation import Conversation
from services.notify.sending.channels.dots import Dots
from services.notify.sending.channels.pauses import Pause
from services.notify.sending.channels.provider import Provider
from services.notify.sending.channels.server import SmtpServer
from services.notify.sending.channels.smtp import Dialer, SmtpChannel
from services.notify.sending.channels.twilio import TwilioChannel
from services.notify.sending.channels.unprovided import UnprovidedTexts
from services.notify.sending.claims import Claims
from services.notify.sending.courier import Courier, M
from services.notify.sending.reaper import Reaper
from services.notify.sending.render import Portal, Renderer
from services.notify.sending.return_paths import ReturnPaths
from services.notify.sending.settling import Settling
from services.notify.sending.store import settlements as store
from services.notify.sending.tags import Tags
from services.notify.sending.turns import ActivityTurns, CommunicationTurns, Turns
from services.notify.sending.unsubscribe_links import PURPOSE, UnsubscribeLinks
from services.notify.sending.writing import MailWriter, Secrets, TextWriter, Writer
from services.notify.settings import NotifySettings
from services.notify.suppressions.suppressions import Suppressions
from services.notify.tellings.model import MessageClass
from shared.contracts.sealed import SealPurpose
from shared.group_commit import GroupCommit
from shared.loops import Loop
from shared.program.program import Plumbing
from shared.trust.own_keys import OwnKeys
from shared.trust.sealing import Opener

IDLE_LOOK_SECONDS = 5.0
DUE_LOOK_SECONDS = 10.0
TEXTS_AT_ONCE = 20  # requests of a class, as many connections
AHEAD = 20  # mails of a claim that wait for a slot: so many share what it costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    renderer: Renderer
    return_paths: ReturnPaths
    unsubscribe_links: UnsubscribeLinks
    connections: Connections[Conversation]
    activity_mail: SmtpChannel
    communication_mail: SmtpChannel
    activity_courier: Courier[Mail]
    communication_courier: Courier[Mail]
    text_channels: tuple[TwilioChannel, ...]  # none where there is no provider
    text_couriers: tuple[Courier[Text], ...]
    reaper: Reaper
    courier_loops: Mapping[Sent, tuple[Loop, ...]]
    loops: tuple[Loop, ...]  # what runs by itself, the couriers' among them

    @property
    def wakes(self) -> Wakes:
        """What lets the couriers of each class and channel look at once."""
        return {of: tuple(loop.wake for loop in found) for of, found in self.courier_loops.items()}

    async def close(self) -> None:
        """At the end of the process: what is under way first, then what it goes by."""
        await asyncio.gather(
            self.activity_courier.close(),
            self.communication_courier.close(),
            *(courier.close() for courier in self.text_couriers),
        )
        await self.connections.close()
        for channel in self.text_channels:
            await channel.close()


def compose(
    plumbing: Plumbing[NotifySettings], *, own_keys: OwnKeys, suppressions: Suppressions
) -> Features:
    """Build the group."""
    settings, settling = plumbing.settings, Settling(suppressions=suppressions)
    dialer = Dialer(server=SmtpServer.of(settings))
    connections = Connections(
        begin=dialer.begin,
        each=settings.smtp_connections,
        clock=plumbing.clock,
        randomness=plumbing.randomness,
        metrics=plumbing.metrics,
    )
    activity_mail, communication_mail = (
        SmtpChannel(
            message_class=of,
            dialer=dialer,
            connections=connections,
            dots=dots(plumbing, of, Means.EMAIL),
        )
        for of in MessageClass
    )
    secrets, written = Secrets(opener=Opener(own_keys=own_keys)), renderer(settings)
    return_paths = ReturnPaths.of(settings.return_path, plumbing.digests)
    unsubscribe_links = UnsubscribeLinks(
        page=f"{settings.portal_url}/{settings.unsubscribe_page}",
        tags=Tags(purpose=PURPOSE, digests=plumbing.digests),
    )
    mails = MailWriter(
        secrets=secrets,
        renderer=written,
        return_paths=return_paths,
        unsubscribe_links=unsubscribe_links,
    )
    alarms = Alarms(clock=plumbing.clock, metrics=plumbing.metrics)

    def couriers(
        means: Means, writer: Writer[M], channels: Iterable[Channel[M]], at_once: int
    ) -> tuple[Courier[M], ...]:
        """One a class, with its own of everything but what is written and what alarms."""
        turns: Mapping[MessageClass, Turns] = {
            MessageClass.ACCOUNT_ACTIVITY: ActivityTurns(means),
            MessageClass.PRACTICE_COMMUNICATION: CommunicationTurns(means),
        }
        return tuple(
            Courier(
                message_class=of,
                claims=claims(plumbing, turns[of]),
                writer=writer,
                channel=channel,
                at_once=at_once,
                database=plumbing.database,
                mark=GroupCommit(database=plumbing.database, write=store.mark_dots),
                settle=GroupCommit(database=plumbing.database, write=settling.settle),
                clock=plumbing.clock,
                randomness=plumbing.randomness,
                metrics=plumbing.metrics,
                alarms=alarms,
            )
            for of, channel in zip(MessageClass, channels, strict=True)
        )

    activity, communication = couriers(
        Means.EMAIL, mails, (activity_mail, communication_mail), settings.smtp_connections
    )
    reaper = Reaper(
        database=plumbing.database,
        clock=plumbing.clock,
        randomness=plumbing.randomness,
        metrics=plumbing.metrics,
    )
    backlog = DueBacklog(database=plumbing.database, clock=plumbing.clock, metrics=plumbing.metrics)
    texting = TextWriter(secrets=secrets, renderer=written)
    texts = text_channels(plumbing)
    sends_texts: tuple[Channel[Text], ...] = texts or tuple(UnprovidedTexts() for _ in MessageClass)
    text_couriers = couriers(Means.TEXT_MESSAGE, texting, sends_texts, TEXTS_AT_ONCE)
    courier_loops: Mapping[Sent, tuple[Loop, ...]] = {
        **{
            (courier.message_class, Means.EMAIL): loops(courier, settings, "courier")
            for courier in (activity, communication)
        },
        **{
            (courier.message_class, Means.TEXT_MESSAGE): loops(courier, settings, "text-courier")
            for courier in text_couriers
        },
    }
    return Features(
        renderer=written,
        return_paths=return_paths,
        unsubscribe_links=unsubscribe_links,
        connections=connections,
        activity_mail=activity_mail,
        communication_mail=communication_mail,
        activity_courier=activity,
        communication_courier=communication,
        text_channels=texts,
        text_couriers=text_couriers,
        reaper=reaper,
        courier_loops=courier_loops,
        loops=(
            *chain.from_iterable(courier_loops.values()),
            Loop(name="reaper", once=reaper.once, every=settings.lease_seconds / 3),
            Loop(name="deliveries-due", once=backlog.once, every=DUE_LOOK_SECONDS),
            Loop(name="smtp-idle", once=connections.rest, every=IDLE_LOOK_SECONDS),
        ),
    )


def renderer(settings: NotifySettings) -> Renderer:
    """What mails say of the portal."""
    return Renderer.of(
        Portal(
            name=settings.portal_name,
            url=settings.portal_url,
            pages={
                SealPurpose.EMAIL_VERIFICATION: settings.verify_email_page,
                SealPurpose.NOTIFICATION_ADDRESS: settings.verify_address_page,
                SealPurpose.RESET_LINK: settings.reset_password_page,
                SealPurpose.INVITATION: settings.invitation_page,
                SealPurpose.NOT_ME: settings.not_me_page,
            },
            mail_from=settings.mail_from,
            mail_domain=settings.mail_domain,
        )
    )


def claims(plumbing: Plumbing[NotifySettings], turns: Turns) -> Claims:
    """A class's own."""
    return Claims(
        turns=turns,
        batch=plumbing.settings.smtp_connections + AHEAD,
        lease=timedelta(seconds=plumbing.settings.lease_seconds),
        database=plumbing.database,
        clock=plumbing.clock,
        randomness=plumbing.randomness,
    )


def text_channels(plumbing: Plumbing[NotifySettings]) -> tuple[TwilioChannel, ...]:
    """A class's way each to the provider, which is found away by both; none where there is none."""
    provider = Provider.of(plumbing.settings)
    if provider is None:
        return ()
    pause = Pause(clock=plumbing.clock, randomness=plumbing.randomness, metrics=plumbing.metrics)
    return tuple(
        TwilioChannel(
            provider=provider,
            tls_ca=plumbing.settings.tls_ca,
            pause=pause,
            dots=dots(plumbing, of, Means.TEXT_MESSAGE),
        )
        for of in MessageClass
    )


def dots(plumbing: Plumbing[NotifySettings], of: MessageClass, means: Means) -> Dots:
    """A class's own: what holds up one need not hold up the other."""
    return Dots(
        message_class=of,
        means=means,
        clock=plumbing.clock,
        randomness=plumbing.randomness,
        metrics=plumbing.metrics,
    )


def loops(of: Courier[M], settings: NotifySettings, name: str) -> tuple[Loop, ...]:
    """Several a class: while one waits for slots, another takes the next."""
    return tuple(
        Loop(
            name=f"{name}-{of.message_class}-{number}",
            once=of.once,
            every=settings.courier_seconds,
            wake=asyncio.Event(),
        )
        for number in range(1, settings.courier_loops + 1)
    )
