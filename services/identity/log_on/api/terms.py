"""The terms as a page shows them before they are accepted."""

from services.identity.log_on.features import Features
from shared.http.routes import Call, NoBody, Reply
from shared.trust.access import Anonymous


class TermsReply(Reply, frozen=True, kw_only=True):
    version: str
    text: str


async def read_terms(features: Features, call: Call[NoBody, Anonymous]) -> TermsReply:
    return TermsReply(version=features.terms.version, text=features.terms.text)
