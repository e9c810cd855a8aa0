"""What can be done with notification addresses."""

from dataclasses import dataclass
from datetime import timedelta

from services.notify.addresses.addresses import Addresses
from services.notify.addresses.model import address_mail_limit
from services.notify.addresses.numbers import Numbers
from services.notify.ledger.ledger import Ledger
from services.notify.projections.projections import Projections
from services.notify.settings import NotifySettings
from shared.one_time import Mint
from shared.program.program import Plumbing
from shared.trust.grants import GrantChecker
from shared.trust.sealing import Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    addresses: Addresses
    numbers: Numbers
    texts_from: str | None  # None: no text messages are sent


def compose(
    plumbing: Plumbing[NotifySettings], *, projections: Projections, ledger: Ledger
) -> Features:
    """Build the group."""
    settings = plumbing.settings
    grants = GrantChecker(
        issuer=settings.issuer, service=plumbing.service, public_keys=plumbing.public_keys
    )
    sealer = Sealer(public_keys=plumbing.public_keys, clock=plumbing.clock, issuer=plumbing.issuer)
    limit = address_mail_limit(
        an_hour=settings.address_mails_an_hour, a_day=settings.address_mails_a_day
    )
    return Features(
        addresses=Addresses(
            acts=plumbing.acts,
            projections=projections,
            grants=grants,
            ledger=ledger,
            mint=Mint(randomness=plumbing.randomness, digests=plumbing.digests, sealer=sealer),
            life=timedelta(minutes=settings.verify_address_minutes),
            limit=limit,
        ),
        numbers=Numbers(
            acts=plumbing.acts,
            projections=projections,
            grants=grants,
            ledger=ledger,
            randomness=plumbing.randomness,
            digests=plumbing.digests,
            sealer=sealer,
            limit=limit,
            offered=settings.offers_texts,
        ),
        texts_from=settings.texts_from,
    )
