"""The composition root: settings → doors → pages → the applications of portal and desk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from aiohttp import web

from deploy.gateway.desk.routes import ROUTES as DESK_ROUTES
from deploy.gateway.desk.site import DemoPractice, Desk
from deploy.gateway.doors.devices import Devices
from deploy.gateway.doors.http import Door
from deploy.gateway.doors.identity import Identity
from deploy.gateway.doors.merge import Merging
from deploy.gateway.doors.notify import Notify
from deploy.gateway.doors.passkeys import Passkeys
from deploy.gateway.doors.practice import PracticeSystem
from deploy.gateway.doors.records import Records
from deploy.gateway.doors.recovery import Recovery
from deploy.gateway.doors.requests import Decisions, Requests
from deploy.gateway.doors.reviews import Reviews
from deploy.gateway.doors.two_step import TwoSteps
from deploy.gateway.pages.routes import ROUTES, own_paths
from deploy.gateway.pages.site import Site
from deploy.gateway.session import Sessions
from deploy.gateway.settings import Settings
from deploy.gateway.web.cookies import Sealer
from deploy.gateway.web.edge import Edge
from deploy.gateway.web.forgery import Forgery
from deploy.gateway.web.forms import S
from deploy.gateway.web.languages import Languages
from deploy.gateway.web.routes import Route
from deploy.gateway.web.views import StaticFile, Views, static_files
from shared.clock import Clock, MachineClock
from shared.http.sources import Sources
from shared.metrics import Metrics
from shared.randomness import Randomness

HERE = files("deploy.gateway")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Everything, put together and not yet listening."""

    portal: web.Application
    desk: web.Application | None
    doors: Sequence[Door]
    metrics: Metrics
    randomness: Randomness

    async def close(self) -> None:
        """Close what it holds towards the services."""
        for door in self.doors:
            await door.close()


def compose(settings: Settings, clock: Clock | None = None) -> Gateway:
    """Put the gateway together."""
    clock = clock or MachineClock(clock_file=settings.clock_file)
    randomness = Randomness()
    metrics = Metrics(process=True)
    doors = {
        service: Door(
            service=service,
            url=url,
            seconds=settings.service_seconds,
            forwarded_header=settings.forwarded_header,
        )
        for service, url in (
            ("identity", settings.identity_url),
            ("recovery", settings.recovery_url),
            ("merge", settings.merge_url),
            ("notify", settings.notify_url),
        )
    }
    parts = Parts(
        settings=settings,
        clock=clock,
        randomness=randomness,
        metrics=metrics,
        statics=static_files(HERE / "static"),
        languages=Languages.read(HERE / "catalogues"),
        forgery=Forgery(settings.keys, settings.portal_url),
        sealer=Sealer(settings.keys, randomness),
    )
    return Gateway(
        portal=portal(parts, doors),
        desk=desk(parts, doors) if settings.desk_port is not None else None,
        doors=tuple(doors.values()),
        metrics=metrics,
        randomness=randomness,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the portal and the desk have in common."""

    settings: Settings
    clock: Clock
    randomness: Randomness
    metrics: Metrics
    statics: Mapping[str, StaticFile]
    languages: Languages
    forgery: Forgery
    sealer: Sealer

    def edge(self, site: S, routes: Sequence[Route[S]], views: Views, host: str) -> web.Application:
        """Put pages behind the edge."""
        settings = self.settings
        edge = Edge(
            site=site,
            routes=routes,
            views=views,
            statics=self.statics,
            languages=self.languages,
            sealer=self.sealer,
            sources=Sources(trusted=settings.trusted_proxies, header=settings.forwarded_header),
            clock=self.clock,
            randomness=self.randomness,
            metrics=self.metrics,
            host=host,
            url=f"{'https' if settings.secure else 'http'}://{host}",
            secure=settings.secure,
        )
        return edge.application()

    def views(self, forgery: Forgery, *, frame: str, links: Mapping[str, str | None]) -> Views:
        """Print pages within a frame, with links that only development has."""
        return Views(
            statics=self.statics,
            languages=self.languages,
            forgery=forgery,
            frame=frame,
            links={name: url for name, url in links.items() if url is not None},
        )


def portal(parts: Parts, doors: Mapping[str, Door]) -> web.Application:
    """Put the portal together."""
    settings = parts.settings
    desk_url = f"http://{settings.desk_host}" if settings.desk_port is not None else None
    links = {"mails": settings.mails_url, "desk": desk_url}
    views = parts.views(parts.forgery, frame="base.html", links=links)
    identity = Identity(doors["identity"])
    site = Site(
        identity=identity,
        recovery=Recovery(doors["recovery"]),
        merging=Merging(doors["merge"]),
        notify=Notify(doors["notify"]),
        requests=Requests(identity=doors["identity"]),
        two_steps=TwoSteps(doors["identity"]),
        devices=Devices(doors["identity"]),
        passkeys=Passkeys(doors["identity"]),
        sessions=Sessions(identity),
        views=views,
        forgery=parts.forgery,
        randomness=parts.randomness,
        android_apps=settings.android_apps,
        apple_apps=settings.apple_apps,
        paths=own_paths(),
    )
    return parts.edge(site, ROUTES, views, settings.host)


def desk(parts: Parts, doors: Mapping[str, Door]) -> web.Application:
    """Put the desk together, with an origin of its own."""
    settings = parts.settings
    forgery = Forgery(settings.keys, f"http://{settings.desk_host}")
    links = {"mails": settings.mails_url, "portal": settings.portal_url}
    views = parts.views(forgery, frame="desk_base.html", links=links)
    system = PracticeSystem(
        identity=doors["identity"],
        notify=doors["notify"],
        merge=doors["merge"],
        recovery=doors["recovery"],
    )
    made = Desk(
        system=system,
        records=Records(system=system),
        decisions=Decisions(system=system),
        reviews=Reviews(system=system),
        practices=tuple(map(DemoPractice.read, settings.desk_practices)),
        views=views,
        forgery=forgery,
        randomness=parts.randomness,
        portal_url=settings.portal_url,
    )
    return parts.edge(made, DESK_ROUTES, views, settings.desk_host)
