"""The terms as a page shows them before they are accepted."""

from services.identity.languages import worded
from services.identity.log_on.features import Features
from shared.http.routes import Call, NoBody, Reply
from shared.trust.access import Anonymous


class TermsReply(Reply, frozen=True, kw_only=True):
    """`language` is the text's: English, where there is none in the one that was asked for."""

    version: str
    language: str
    text: str


async def read_terms(features: Features, call: Call[NoBody, Anonymous]) -> TermsReply:
    found = await features.terms.read()
    shown = worded(found.texts, call.query.get("locale", ""))
    return TermsReply(version=found.version, language=shown.language, text=shown.text)
