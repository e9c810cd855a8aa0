"""What `check` looks at in merge besides what it looks at everywhere."""

from services.merge.app import watch
from services.merge.settings import MergeSettings
from shared.program.program import Look, Plumbing


async def look_at_stuck(plumbing: Plumbing[MergeSettings]) -> str | None:
    return await watch(plumbing).warning()


LOOKS: tuple[Look[MergeSettings], ...] = (Look(name="merges stuck", look=look_at_stuck),)
