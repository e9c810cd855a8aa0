"""For each verb and each refusal that its route names: a call that is refused so."""

import importlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.conformance.stage import Example, example_of
from tests.conformance.verbs import NAMED, Verb

Recipe = Callable[[Any], Awaitable[Example]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """It is brought about, and its audit row looked at, by a test of its own, or cannot be."""

    why: str


def but(verb: str, **fields: Any) -> Recipe:
    """The verb's example with other fields."""

    async def made(stage: Any) -> Example:
        example = example_of(NAMED[verb])
        assert example is not None
        return (await example(stage)).but(**fields)

    return made


def at(verb: str, **path: object) -> Recipe:
    """The verb's example about something else."""

    async def made(stage: Any) -> Example:
        example = example_of(NAMED[verb])
        assert example is not None
        return (await example(stage)).at(**path)

    return made


def refusals_of(verb: Verb) -> Mapping[str, Recipe | Elsewhere]:
    """Return what brings about each of a verb's refusals, by the name of its class."""
    module = importlib.import_module(f"tests.conformance.refusals.{verb.service}")
    found: Mapping[str, Mapping[str, Recipe | Elsewhere]] = module.REFUSALS
    return found.get(verb.name, {})
