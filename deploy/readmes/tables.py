"""The tables, each made of a program and of what was written by hand beside it before."""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any

from deploy.readmes.marks import cell, code, notes, table_of
from shared.contracts.catalogue import published_by
from shared.contracts.topology import queues
from shared.errors import Expected
from shared.http.guards import Counted
from shared.http.routes import Route
from shared.program.program import Program
from shared.settings.loader import describe

Table = Callable[[Program[Any, Any], str], str]

COUNTED: Mapping[Counted, str] = {
    Counted.NOTHING: "",
    Counted.REFUSALS: ", refusals count",
    Counted.MISSES: ", misses count",
    Counted.EVERY_REQUEST: ", every request counts",
}


def endpoints(program: Program[Any, Any], before: str) -> str:
    """Every verb with its guard; what it does is its summary until it is said by hand."""
    said = notes(before, 0)
    rows = ((f"{route.method} {route.path}", route) for route in program.routes)
    return table_of(
        ("verb", "guard", "what it does"),
        [(code(verb), guard(route), said.get(verb) or cell(route.summary)) for verb, route in rows],
    )


def guard(route: Route[Any]) -> str:
    """Who may call (a session is `full` unless others do too), and what counts on whose budget."""
    kind = type(route.guard).__name__.lower()
    scope = getattr(route.guard, "scope", None)
    also = " or ".join(map(code, getattr(route.guard, "also", ())))
    basic = ", by its token or by Basic" if getattr(route.guard, "basic", False) else ""
    reach = (f", `{scope}`" if scope else "") + (f", {also} too" if also else "")
    budgets = " and ".join(code(budget.name) for budget in route.counts_on)
    counts = f", counts on {budgets}" if budgets else ""
    counts += f", counts on no budget: {route.uncounted}" if route.uncounted else ""
    return kind + reach + basic + COUNTED[route.guard.counted] + counts


def publishes(program: Program[Any, Any], before: str) -> str:
    """Every event; when it is published is said by hand."""
    said = notes(before, 0)
    keys = (contract.routing_key for contract in published_by(program.service))
    return table_of(("event", "when"), [(code(key), said.get(key, "")) for key in keys])


def consumes(program: Program[Any, Any], before: str) -> str:
    """Every event of every queue; what it does is said by hand, once for those that do the same."""
    said = notes(before, 1)

    def rows() -> Iterator[tuple[str, str, str]]:
        for queue in queues(program.service):
            keys = (contract.routing_key for contract in queue.contracts)
            for effect, alike in groupby(keys, key=lambda key: said.get(key, "")):
                yield code(queue.name), ", ".join(map(code, alike)), effect

    return table_of(("queue", "event", "effect"), rows())


def settings(program: Program[Any, Any], _: str) -> str:
    """Every variable, as the `settings` verb prints it."""
    return table_of(
        ("variable", "type", "default", "what it is"),
        [
            (
                code(row.name),
                cell(row.type),
                "(required)" if row.required else cell(row.default),
                cell(row.help),
            )
            for row in describe(program.settings)
        ],
    )


def errors(program: Program[Any, Any], _: str) -> str:
    """Every refusal of the service's own, with the verbs that may answer it."""
    verbs: dict[type[Expected], list[str]] = {}
    for route in program.routes:
        for problem in route.problems:
            verbs.setdefault(problem, []).append(route.name)
    return table_of(
        ("code", "status", "what it says", "what to do", "verbs"),
        [
            (
                code(problem.code),
                str(problem.status),
                cell(problem.title),
                cell(problem.hint),
                ", ".join(map(code, names)),
            )
            for problem, names in sorted(verbs.items(), key=lambda each: each[0].code)
        ],
    )


def actions(program: Program[Any, Any], _: str) -> str:
    """Every action that the service audits."""
    return ", ".join(code(action.value) for action in program.actions)


TABLES: Mapping[str, Table] = {
    "endpoints": endpoints,
    "publishes": publishes,
    "consumes": consumes,
    "settings": settings,
    "errors": errors,
    "actions": actions,
}
