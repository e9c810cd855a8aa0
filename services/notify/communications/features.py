"""What can be done with practice communications."""

from dataclasses import dataclass

from services.notify.communications.inbox import Inbox
from services.notify.communications.submissions import Submissions
from services.notify.settings import NotifySettings
from shared.loops import Loop
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    submissions: Submissions
    inbox: Inbox

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The one that takes from the inbox."""
        once, wake = self.inbox.once, self.inbox.arrived
        return (Loop(name="inbox", once=once, every=1.0, wake=wake),)


def compose(plumbing: Plumbing[NotifySettings]) -> Features:
    """Build the group."""
    submissions = Submissions(acts=plumbing.acts)
    return Features(
        submissions=submissions,
        inbox=Inbox(
            acts=plumbing.acts,
            submissions=submissions,
            clock=plumbing.clock,
            budgets=plumbing.client_budgets,
            randomness=plumbing.randomness,
            metrics=plumbing.metrics,
        ),
    )
