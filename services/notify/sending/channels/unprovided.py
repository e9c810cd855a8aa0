"""Text messages where nobody sends them: settings name no provider, or none any more (NT-3)."""

from services.notify.sending.channels import BeforeDot, Text
from services.notify.sending.model import Answer, Outcome, Phase
from services.notify.tellings.model import Reason

NOT_OFFERED = Answer(
    outcome=Outcome.REFUSED, phase=Phase.CONNECTING, reason=Reason.TEXTS_NOT_OFFERED
)


class UnprovidedTexts:
    """Refuses each at its turn, so that it goes the next way, or its row says why it went none
    (NT-2): what was filed while there was a provider would else wait for ever.
    """

    async def send(self, text: Text, before_dot: BeforeDot, /) -> Answer:
        return NOT_OFFERED

    async def reachable(self) -> bool:
        return True
