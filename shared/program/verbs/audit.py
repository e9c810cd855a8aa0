"""The audit chain, verified from its first row (ST-3)."""

from shared.audit.chain import AuditChain
from shared.program.asked import Asked, Command
from shared.program.program import F, S
from shared.program.terminal import say


async def verify(asked: Asked[F, S]) -> int:
    async with asked.plumbing() as plumbing:
        chain = AuditChain(database=plumbing.database, clock=plumbing.clock)
        return say(await chain.verify())


COMMANDS = (Command(name="audit verify", help="check the whole audit chain", run=verify),)
