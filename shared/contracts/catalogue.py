"""Every contract there is, found in the modules of the services that publish."""

from typing import Any

from shared.contracts import identity, merge, notify, recovery
from shared.contracts.contract import Contract, Kind

CONTRACTS: tuple[Contract[Any], ...] = tuple(
    found
    for module in (identity, recovery, merge, notify)
    for found in vars(module).values()
    if isinstance(found, Contract)
)


def published_by(service: str) -> tuple[Contract[Any], ...]:
    """Return the contracts that this service alone publishes."""
    return tuple(contract for contract in CONTRACTS if contract.owner == service)


def of_kind(kind: Kind) -> tuple[Contract[Any], ...]:
    """Return the contracts whose events a consumer may treat alike."""
    return tuple(contract for contract in CONTRACTS if contract.kind is kind)
