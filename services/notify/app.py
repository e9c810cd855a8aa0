"""Notify, put together: plumbing to features, a call a group, from what is lowest up."""

from services.notify.addresses import features as addresses
from services.notify.bounces import features as bounces
from services.notify.communications import features as communications
from services.notify.consumers import subscriptions
from services.notify.features import Features
from services.notify.ledger import features as ledger
from services.notify.notices import features as notices
from services.notify.preferences import features as preferences
from services.notify.projections import features as projections
from services.notify.sending import features as sending
from services.notify.settings import NotifySettings
from services.notify.suppressions import features as suppressions
from services.notify.texts import features as texts
from services.notify.unsubscriptions import features as unsubscriptions
from shared.contracts.keys import KeyPurpose
from shared.program.program import Composition, Plumbing
from shared.trust.own_keys import OwnKeys


def compose(plumbing: Plumbing[NotifySettings]) -> Composition[Features]:
    """Put the service together; nothing is started."""
    own_keys = plumbing.own_keys(KeyPurpose.SEALING)
    built = features(plumbing, own_keys)
    way_out = built.sending
    parts = zip(("texts", "texts-practice"), way_out.text_channels, strict=False)  # none, or both
    texted = {name: channel.probe for name, channel in parts}
    return Composition(
        features=built,
        subscriptions=subscriptions(built, plumbing.public_keys),
        loops=(*way_out.loops, *built.communications.loops, *built.ledger.loops),
        inboxes=(built.communications.inbox,),
        own_keys=own_keys,
        closers=(way_out.close,),
        probes={
            "smtp": way_out.activity_mail.probe,
            "smtp-practice": way_out.communication_mail.probe,
            **texted,
        },
    )


def features(plumbing: Plumbing[NotifySettings], own_keys: OwnKeys) -> Features:
    """Build every group after those that it is made of."""
    known = projections.compose(plumbing)
    dead = suppressions.compose(plumbing, projections=known.projections)
    way_out = sending.compose(plumbing, own_keys=own_keys, suppressions=dead.suppressions)
    submitted = communications.compose(plumbing)
    filing = ledger.compose(
        plumbing,
        projections=known.projections,
        wakes=way_out.wakes,
        taken=submitted.submissions.taken,
    )
    return Features(
        bounces=bounces.compose(
            plumbing, return_paths=way_out.return_paths, suppressions=dead.suppressions
        ),
        notices=notices.compose(plumbing, projections=known.projections, renderer=way_out.renderer),
        texts=texts.compose(plumbing, ledger=filing.ledger, stops=dead.stops),
        unsubscriptions=unsubscriptions.compose(plumbing, links=way_out.unsubscribe_links),
        sending=way_out,
        addresses=addresses.compose(plumbing, projections=known.projections, ledger=filing.ledger),
        suppressions=dead,
        ledger=filing,
        preferences=preferences.compose(plumbing, projections=known.projections),
        communications=submitted,
        projections=known,
    )
