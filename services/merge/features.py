"""What merge can do, as one record: what handlers are given. So far it only listens."""

from dataclasses import dataclass

from services.merge.projection import Projection


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    projection: Projection
