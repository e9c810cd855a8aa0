"""What recovery can do, as one record: what handlers are given."""

from dataclasses import dataclass

from services.recovery.link_mails import LinkMails
from services.recovery.link_requests import LinkRequests
from services.recovery.links import Links
from services.recovery.projection import Projection


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    link_requests: LinkRequests
    link_mails: LinkMails
    links: Links
    projection: Projection
