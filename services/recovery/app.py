"""Recovery's composition root: every dependency on one screen."""

import asyncio
from datetime import timedelta
from functools import partial

from services.recovery.absorptions import Absorptions
from services.recovery.consumers import ACCOUNTS, subscriptions
from services.recovery.features import Features
from services.recovery.grants import PasswordGrants
from services.recovery.link_mails import LinkMails
from services.recovery.links import Links
from services.recovery.model import Kind, link_mail_limit, reminder_limit
from services.recovery.practice_tokens import features as practice_tokens
from services.recovery.projection import Projection
from services.recovery.questions import features as questions
from services.recovery.reminders import Reminders
from services.recovery.requests import Requests
from services.recovery.rounds import Rounds, Work
from services.recovery.settings import RecoverySettings
from services.recovery.store import requests as store
from services.recovery.stored_names import StoredNames
from services.recovery.validation import features as validation
from shared.contracts.keys import KeyPurpose
from shared.group_commit import GroupCommit
from shared.loops import Loop
from shared.one_time import Mint
from shared.program.program import Composition, Plumbing
from shared.trust.grants import GrantIssuer
from shared.trust.hashing import hasher_of
from shared.trust.sealing import Sealer

LONGEST_WAIT = 2.0  # seconds until requests are looked at again after the database was away


def compose(plumbing: Plumbing[RecoverySettings]) -> Composition[Features]:
    """Put the service together; nothing is started."""
    settings = plumbing.settings
    own_keys = plumbing.own_keys(KeyPurpose.SIGNING)
    issuer = GrantIssuer(issuer=plumbing.issuer, own_keys=own_keys)
    grants = PasswordGrants(issuer=issuer, redeemer=f"{settings.issuer}/identity")
    hasher = hasher_of(settings, plumbing.metrics)
    links = Links(acts=plumbing.acts, digests=plumbing.digests, grants=grants)
    reminders = Reminders(
        sealer=sealer(plumbing),
        limit=reminder_limit(an_hour=settings.reminders_an_hour),
    )
    asked = {kind: asyncio.Event() for kind in Kind}
    features = Features(
        link_requests=requests(plumbing, Kind.RESET_LINK, asked[Kind.RESET_LINK]),
        link_rounds=rounds(plumbing, Kind.RESET_LINK, link_mails(plumbing).work),
        links=links,
        practice_tokens=practice_tokens.compose(
            plumbing, mint=mint(plumbing), hasher=hasher, grants=grants
        ),
        reminder_requests=requests(plumbing, Kind.USERNAME_REMINDER, asked[Kind.USERNAME_REMINDER]),
        reminder_rounds=rounds(plumbing, Kind.USERNAME_REMINDER, reminders.work),
        reminders=reminders,
        questions=questions.compose(plumbing, hasher=hasher, grants=grants, issuer=issuer),
        validation=validation.compose(plumbing, mint=mint(plumbing), grants=grants),
        projection=Projection(digests=plumbing.digests),
        absorptions=Absorptions(acts=plumbing.acts),
    )

    async def close_hasher() -> None:
        hasher.close()

    return Composition(
        features=features,
        subscriptions=subscriptions(features, plumbing.public_keys),
        loops=(
            ticking("link mails", features.link_rounds, settings, asked[Kind.RESET_LINK]),
            ticking("reminders", features.reminder_rounds, settings, asked[Kind.USERNAME_REMINDER]),
            *features.questions.loops,
        ),
        own_keys=own_keys,
        closers=(close_hasher,),
    )


def stored_names(plumbing: Plumbing[RecoverySettings]) -> StoredNames:
    """What `names re-key` changes and `check` counts."""
    return StoredNames(acts=plumbing.acts, digests=plumbing.digests)


def requests(plumbing: Plumbing[RecoverySettings], kind: Kind, work: asyncio.Event) -> Requests:
    """The accepting side of one kind."""
    return Requests(
        keep=GroupCommit(database=plumbing.database, write=partial(store.add, kind)),
        digests=plumbing.digests,
        randomness=plumbing.randomness,
        work=work,
    )


def rounds(plumbing: Plumbing[RecoverySettings], kind: Kind, work: Work) -> Rounds:
    """The working side of one kind."""
    return Rounds(
        kind=kind,
        work=work,
        acts=plumbing.acts,
        clock=plumbing.clock,
        patience=timedelta(seconds=plumbing.settings.miss_patience),
        fed_since=lambda: plumbing.feeds.connected_since(ACCOUNTS),
    )


def ticking(name: str, rounds: Rounds, settings: RecoverySettings, wake: asyncio.Event) -> Loop:
    """A loop that every request wakes a little later; it ticks for what other replicas left."""
    return Loop(
        name=name, once=rounds.once, every=settings.tick, wake=wake, longest_wait=LONGEST_WAIT
    )


def mint(plumbing: Plumbing[RecoverySettings]) -> Mint:
    """Makes links and tokens."""
    return Mint(randomness=plumbing.randomness, digests=plumbing.digests, sealer=sealer(plumbing))


def link_mails(plumbing: Plumbing[RecoverySettings]) -> LinkMails:
    """The work of RC-3 with its numbers."""
    settings = plumbing.settings
    return LinkMails(
        mint=mint(plumbing),
        limit=link_mail_limit(
            pause=timedelta(seconds=settings.link_pause),
            an_hour=settings.links_an_hour,
            a_day=settings.links_a_day,
        ),
    )


def sealer(plumbing: Plumbing[RecoverySettings]) -> Sealer:
    """Seals to notify, which alone opens."""
    return Sealer(
        public_keys=plumbing.public_keys,
        clock=plumbing.clock,
        issuer=f"{plumbing.settings.issuer}/notify",
    )
