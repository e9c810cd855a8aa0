"""A bare aiohttp handler that asks asyncpg for one row: `python -m tests.bench.ceilings.handler`.

The same body is read, the same table asked by its primary key, as much JSON replied; no tokens,
no limits, no logs, no metrics. PORT and DATABASE_URL are read from the environment.
"""

import asyncio
import os
from urllib.parse import parse_qs
from uuid import UUID

import asyncpg
import msgspec
from aiohttp import web

POOL = 10  # as a service's own
SELECT = "SELECT id, account_id, expires_at FROM sessions WHERE id = $1 AND ended_at IS NULL"


async def application() -> web.Application:
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=POOL, max_size=POOL)

    async def introspect(request: web.Request) -> web.Response:
        asked = parse_qs((await request.read()).decode())
        row = await pool.fetchrow(SELECT, UUID(asked["token"][0]))
        told = {"active": row is not None} | ({} if row is None else dict(row))
        return web.Response(body=msgspec.json.encode(told), content_type="application/json")

    made = web.Application()
    made.router.add_post("/introspect", introspect)
    return made


async def main() -> None:
    runner = web.AppRunner(await application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"]), backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
