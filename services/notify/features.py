"""What notify can do, as one record: what handlers are given."""

from dataclasses import dataclass

from services.notify.courier import Courier
from services.notify.intake import Intake
from services.notify.ledger import Ledger
from services.notify.merges import Merges
from services.notify.notices import Notices
from services.notify.projections import Projections
from services.notify.reaper import Reaper


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    projections: Projections
    ledger: Ledger
    merges: Merges
    notices: Notices
    intake: Intake
    activity_courier: Courier
    communication_courier: Courier
    reaper: Reaper
