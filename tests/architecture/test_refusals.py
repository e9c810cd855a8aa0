"""Every refusal says how it is told: status by its family, a code of its own, title and hint."""

import ast
import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from uuid import UUID

import pytest

import services
import shared
from services.identity.enrolment.errors import (
    WrongInvitee,
    WrongPerson,
    WrongTemporaryPassword,
)
from services.identity.freezes.errors import WrongBirthDate
from services.recovery.practice_tokens.errors import TokenKeptBack, WrongToken
from shared import errors
from shared.contracts.topology import SERVICES
from shared.errors import Expected, Refused
from shared.http.problems import document
from shared.trust.access import AccessTokenInvalid
from tests.architecture.test_programs import program
from tests.support.proof import ROOT


def modules(package: ModuleType) -> Iterator[str]:
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            yield module.name


PRODUCT = frozenset((*modules(services), *modules(shared)))


def below(kind: type[Expected]) -> Iterator[type[Expected]]:
    for child in kind.__subclasses__():
        if child.__module__ in PRODUCT:
            yield child
            yield from below(child)


FAMILIES = tuple(Refused.__subclasses__())
REFUSALS = sorted(
    {kind for family in FAMILIES for kind in below(family) if issubclass(kind, Refused)},
    key=lambda kind: (kind.__module__, kind.__name__),
)
TELLABLE = (*(kind for kind in below(Expected) if hasattr(kind, "title")),)


def of(service: str) -> Iterator[type[Refused]]:
    """What one service may refuse: its own, and what it shares with the others."""
    for kind in (*FAMILIES, *REFUSALS):
        if kind.__module__.startswith(("shared.", f"services.{service}.")):
            yield kind


def test_each_family_is_one_status() -> None:
    told = {family.__name__: family.status for family in FAMILIES if family.__module__ in PRODUCT}

    assert {family.__module__ for family in FAMILIES if family.__module__ in PRODUCT} == {
        errors.__name__
    }
    assert told == {
        "BadRequest": 400,
        "Unauthenticated": 401,
        "Forbidden": 403,
        "NotFound": 404,
        "Conflict": 409,
        "Invalid": 422,
        "Limited": 429,
    }


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_a_refusal_has_a_title_and_a_hint_of_its_own_or_its_parent_s_code(
    kind: type[Refused],
) -> None:
    parents = {parent.code for parent in kind.__mro__[1:] if hasattr(parent, "code")}

    assert kind.code in parents or {"title", "hint"} <= vars(kind).keys()
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    assert re.fullmatch(r"[A-Z].*[^.]", kind.title)
    assert re.fullmatch(r".*\.", kind.hint)
    assert kind.__doc__


@pytest.mark.parametrize("service", SERVICES)
def test_a_code_is_one_refusal_s_and_of_those_that_are_told_as_it(service: str) -> None:
    by_code: defaultdict[str, list[type[Refused]]] = defaultdict(list)
    for kind in of(service):
        by_code[kind.code].append(kind)

    for code, kinds in by_code.items():
        roots = [root for root in kinds if all(issubclass(kind, root) for kind in kinds)]
        assert len(roots) == 1, (code, kinds)


def test_the_audit_has_another_word_only_where_a_reply_must_not_say_as_much() -> None:
    assert {kind for kind in REFUSALS if kind.cause != kind.code} == {
        AccessTokenInvalid,  # told as if no token had come
        WrongPerson,  # a live token, which whoever guesses must not learn (EN-1)
        WrongInvitee,  # likewise a live invitation (EN-3)
        WrongBirthDate,  # likewise a live link of a mail (RC-9)
        WrongToken,  # likewise a live token of a practice's (RC-5)
        TokenKeptBack,  # likewise, and that a source's budget is used up (LG-4)
        WrongTemporaryPassword,  # likewise a temporary username (EN-2)
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_route_s_problems_say_how_they_are_told(service: str) -> None:
    for route in program(service).routes:
        for kind in route.problems:
            assert kind in TELLABLE, (route.name, kind)


def test_no_service_has_the_number_of_a_status() -> None:
    found = [
        f"{path}:{node.value.lineno}"
        for path in sorted((Path(ROOT) / "services").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword | ast.Assign | ast.AnnAssign)
        and "status" in names(node)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, int)
        and node.value.value >= 400
    ]

    assert not found, f"leave the status to the refusal's family: {found}"


def names(node: ast.keyword | ast.Assign | ast.AnnAssign) -> set[str | None]:
    if isinstance(node, ast.keyword):
        return {node.arg}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def test_a_family_is_raised_by_itself_only_where_it_says_how_it_is_told() -> None:
    mute = {family.__name__ for family in FAMILIES if not hasattr(family, "title")} | {"Refused"}
    raised = {
        (str(path), node.exc.id)
        for folder in ("services", "shared")
        for path in (Path(ROOT) / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name)
    }

    assert not [(path, name) for path, name in raised if name in mute]


def test_what_oauth_tells_is_of_the_characters_that_it_may_be() -> None:
    for kind in TELLABLE:
        described = document(kind, (), UUID(int=0), oauth=True).error_description
        assert described is not None
        assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", described)
