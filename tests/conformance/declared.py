"""What the services declare of the mechanisms that they share: every one is tried here."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import TypeVar

import services
from shared.contracts.topology import SERVICES

D = TypeVar("D")


def declared(kind: type[D]) -> dict[tuple[str, str], D]:
    """Find each constant of this kind by its service and the name it is declared under."""
    return {
        (service, name): value
        for service, module in modules()
        for name, value in vars(module).items()
        if isinstance(value, kind)
    }


def modules() -> Iterator[tuple[str, object]]:
    for found in walk_packages(services.__path__, "services."):
        service = found.name.split(".")[1]
        if service in SERVICES:
            yield service, import_module(found.name)
