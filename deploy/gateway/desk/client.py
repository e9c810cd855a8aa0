"""Who the practice's system is to identity (ST-1)."""

from aiohttp import web

from deploy.gateway.desk.site import STAFF, Desk, Staffed
from deploy.gateway.web.routes import Route, page


async def show(desk: Desk, visit: Staffed) -> web.Response:
    """Show the client, its practice, and what it may do."""
    client = await desk.records.client(visit, visit.desk.client)
    return desk.page(visit, "desk_client.html", client=client)


ROUTES: tuple[Route[Desk], ...] = page("/client", STAFF, show)
