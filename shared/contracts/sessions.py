"""The stream of ended sessions (SE-1): what every replica must hear within a second."""

import msgspec

from shared.contracts.contract import Moment
from shared.contracts.ids import SessionId


class SessionEntry(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="ended"):
    """Tokens of this session issued before `not_before` are void; None: all of them are."""

    session_id: SessionId
    not_before: Moment | None


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="beat"):
    """Every entry committed before `at` (identity's unshifted time) is in the stream."""

    at: Moment


StreamEntry = SessionEntry | Beat
