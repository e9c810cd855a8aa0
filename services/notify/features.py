"""What notify can do: a field a group, in the order of who may import whom."""

from dataclasses import dataclass

from services.notify.addresses import features as addresses
from services.notify.bounces import features as bounces
from services.notify.communications import features as communications
from services.notify.ledger import features as ledger
from services.notify.notices import features as notices
from services.notify.preferences import features as preferences
from services.notify.projections import features as projections
from services.notify.sending import features as sending
from services.notify.suppressions import features as suppressions
from services.notify.texts import features as texts
from services.notify.unsubscriptions import features as unsubscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    bounces: bounces.Features
    texts: texts.Features
    notices: notices.Features
    unsubscriptions: unsubscriptions.Features
    sending: sending.Features
    addresses: addresses.Features
    suppressions: suppressions.Features
    ledger: ledger.Features
    preferences: preferences.Features
    communications: communications.Features
    projections: projections.Features
