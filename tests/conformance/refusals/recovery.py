"""What recovery's verbs refuse."""

from collections.abc import Mapping

from tests.conformance.refusals import Elsewhere, Recipe, but

REFUSALS: Mapping[str, Mapping[str, Recipe | Elsewhere]] = {
    "redeem_reset_link": {"LinkInvalid": but("redeem_reset_link", token="x")},
}
