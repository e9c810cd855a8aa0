"""What `check` looks at in merge besides what it looks at everywhere."""

from services.merge.saga import features as saga
from services.merge.settings import MergeSettings
from shared.program.program import Checkup, Plumbing


async def check_stuck(plumbing: Plumbing[MergeSettings]) -> str | None:
    return await saga.compose(plumbing).watch.warning()


CHECKUPS: tuple[Checkup[MergeSettings], ...] = (Checkup(name="merges stuck", run=check_stuck),)
