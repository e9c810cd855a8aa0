"""The ports of a stack: fixed ones that people remember, or free ones for tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, islice

from deploy.local import ports
from deploy.local.errors import PortsHeld
from shared.contracts.topology import SERVICES

APART = 10  # ports between two replicas


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where the catcher and each service listen: one port a replica."""

    smtp: int
    mail: int
    desk: int
    portal: tuple[int, ...]
    portal_metrics: tuple[int, ...]
    http: Mapping[str, tuple[int, ...]]
    metrics: Mapping[str, tuple[int, ...]]

    @classmethod
    def fixed(cls, *, replicas: int = 1) -> "Ports":
        """The ports that a person can remember: the services' own defaults, and ten on for each
        further replica."""

        def counted_up(first: int) -> dict[str, tuple[int, ...]]:
            return {
                service: tuple(first + place + APART * replica for replica in range(replicas))
                for place, service in enumerate(SERVICES)
            }

        return cls(
            smtp=8125,
            mail=8180,
            desk=8109,
            portal=tuple(8100 + APART * replica for replica in range(replicas)),
            portal_metrics=tuple(9100 + APART * replica for replica in range(replicas)),
            http=counted_up(8101),
            metrics=counted_up(9101),
        )

    @classmethod
    def free(cls, *, replicas: int = 1) -> "Ports":
        """Ports that nobody listens on, for tests beside a running stack."""
        smtp, mail, desk, *rest = ports.free_ports(3 + 2 * replicas * (1 + len(SERVICES)))
        listening = iter(rest)
        portal, portal_metrics = (tuple(islice(listening, replicas)) for _ in range(2))
        http, metrics = (
            {service: tuple(islice(listening, replicas)) for service in SERVICES} for _ in range(2)
        )
        return cls(
            smtp=smtp,
            mail=mail,
            desk=desk,
            portal=portal,
            portal_metrics=portal_metrics,
            http=http,
            metrics=metrics,
        )

    @property
    def listeners(self) -> tuple[int, ...]:
        """Every one of them."""
        each = (self.portal, self.portal_metrics, *self.http.values(), *self.metrics.values())
        return (self.smtp, self.mail, self.desk, *chain.from_iterable(each))

    def check(self) -> None:
        """Raise PortsHeld that names each port which is taken, and by whom."""
        held = [port for port in self.listeners if not ports.is_free(port)]
        if held:
            lines = [f"  {port}: {ports.holder(port)}" for port in held]
            raise PortsHeld("\n".join(["these ports are held; is a stack running?", *lines]))
