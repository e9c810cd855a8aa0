"""What is shared serves all four alike: nothing in it asks which service it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.contracts.reach import Service
from tests.support.proof import ROOT

SHARED = sorted((ROOT / "shared").rglob("*.py"))
CODINGS = "shared/http/parsing.py"  # "identity" is a content coding there (RFC 9110)


def is_name(node: ast.AST, names: set[str]) -> bool:
    """Whether an expression names a service: by text, as a member of Service, or by a constant."""
    match node:
        case ast.Constant(value=str(text)):
            return text in tuple(Service)
        case ast.Attribute(value=ast.Name(id="Service")):
            return True
        case ast.Name(id=name):
            return name in names
        case ast.Set(elts=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
            return any(is_name(part, names) for part in parts)
        case _:
            return False


def constants(tree: ast.Module) -> set[str]:
    """The names under which a module keeps a service's."""
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and is_name(node.value, set())
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def asked(source: str) -> Iterator[int]:
    """The lines on which something is compared with a service's name."""
    tree = ast.parse(source)
    names = constants(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=others):
                sides = [left, *others]
            case ast.MatchValue(value=value):
                sides = [value]
            case ast.Call(func=ast.Attribute(attr="startswith"), args=sides):
                pass
            case _:
                continue
        if any(is_name(side, names) for side in sides):
            yield node.lineno


@pytest.mark.parametrize("path", SHARED, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_is_shared_asks_which_service_it_is(path: Path) -> None:
    place = str(path.relative_to(ROOT))
    found = [] if place == CODINGS else [f"{place}:{line}" for line in asked(path.read_text())]

    assert found == [], (
        "This compares a service's name. What one service alone has is handed in with its Program"
        " or Composition, or is data in shared/contracts that says whose it is (as STREAMS does)."
    )


@pytest.mark.parametrize(
    "source",
    [
        'x = 1 if service == "identity" else 2',
        'x = "merge" != service',
        'x = service in {"identity", "merge"}',
        "x = service is Service.NOTIFY",
        'OWN = "recovery"\nx = service == OWN',
        'match service:\n    case "identity":\n        x = 1',
        'x = queue.startswith("identity")',
    ],
)
def test_one_that_asks_is_found(source: str) -> None:
    assert list(asked(source))
