"""Noun groups: each has the same shelves, and inside one imports go down.

A group is a package of a service, but for `migrations` and the shelves of one without groups.
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.proof import ROOT

LAYERS = ("api", "features", "store", "model", "errors")
DOWN = ("api", "features", "a feature", "store", "model", "errors")
FOLDERS = ("api", "store")
MODULES = ("features", "model", "errors")
PURE = ("reach",)  # rules that records are made of: as pure as the model beside them
SERVICES_OWN = (
    "__main__",
    "app",
    "routes",
    "problems",
    "consumers",
    "operator_verbs",
    "migrations",
)
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def packages(folder: Path) -> Iterator[Path]:
    return (found.parent for found in sorted(folder.glob("*/__init__.py")))


def groups(root: Path) -> list[Path]:
    """Every group of every service."""
    return [
        package
        for service in packages(root / "services")
        for package in packages(service)
        if package.name not in (*FOLDERS, "migrations")
    ]


GROUPS = groups(ROOT)


def named(path: Path) -> str:
    """The dotted name of a module or package of a service."""
    parts = path.with_suffix("").parts
    return ".".join(parts[len(parts) - 1 - parts[::-1].index("services") :])


def shelf(name: str) -> str:
    """The shelf on which a module or folder of a group stands, by its name."""
    if name in PURE:
        return "model"
    return name if name in DOWN else "a feature"


def imported(module: Path, group: Path) -> set[str]:
    """What a module imports of its own group, by the name below the group."""
    own = f"{named(group)}."
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                if whole.startswith(own):
                    found.add(whole.removeprefix(own).partition(".")[0])
        elif isinstance(node, ast.Import):
            found |= {
                name.name.removeprefix(own).partition(".")[0]
                for name in node.names
                if name.name.startswith(own)
            }
    return found


def uphill(group: Path) -> list[str]:
    """Imports inside a group that go from a shelf to one above it."""
    return [
        f"{named(module)} imports {name}"
        for module in sorted(group.rglob("*.py"))
        if module != group / "__init__.py"
        for own in (shelf(module.relative_to(group).with_suffix("").parts[0]),)
        for name in sorted(imported(module, group))
        if DOWN.index(shelf(name)) < DOWN.index(own)
    ]


def misplaced(group: Path) -> list[str]:
    """What has no place in a group."""
    folders, modules = list(packages(group)), list(group.glob("*.py"))
    wrong = [folder for folder in folders if folder.name in (*MODULES, *SERVICES_OWN)]
    wrong += [module for module in modules if module.stem in (*FOLDERS, *SERVICES_OWN)]
    wrong += [deeper for folder in folders for deeper in packages(folder)]
    return [named(path) for path in wrong]


def test_there_are_groups() -> None:
    assert {group.parent.name for group in GROUPS} >= {"identity", "merge", "notify", "recovery"}


@pytest.mark.parametrize("group", GROUPS, ids=named)
def test_a_group_has_its_shelves_and_no_others(group: Path) -> None:
    assert misplaced(group) == [], (
        "A group holds api/, features.py, a module or a flat folder for each feature, store/,"
        " model.py and errors.py: move this to its shelf, or to the service's top level where it is"
        " all groups'."
    )


@pytest.mark.parametrize("group", GROUPS, ids=named)
def test_a_group_is_imported_by_its_modules_and_its_init_says_what_it_is(group: Path) -> None:
    for package in (group, *(group / name for name in FOLDERS if any((group / name).glob("*.py")))):
        body = ast.parse((package / "__init__.py").read_text()).body
        assert len(body) == 1, f"{named(package)}: leave one docstring, import the modules."
        assert isinstance(body[0], ast.Expr), f"{named(package)}: say in a docstring what it is."


@pytest.mark.parametrize("group", GROUPS, ids=named)
def test_inside_a_group_imports_go_down(group: Path) -> None:
    assert uphill(group) == [], (
        "Inside a group imports go api → features → a feature → store → model → errors: move what"
        " is shared down to model.py or errors.py, or hand it in as an argument."
    )


@pytest.mark.parametrize("group", GROUPS, ids=named)
def test_a_group_is_named_where_the_import_contracts_hold_it(group: Path) -> None:
    holding = [
        contract
        for contract in PYPROJECT["tool"]["importlinter"]["contracts"]
        if named(group) in contract.get("containers", ())
        and [layer.strip("()") for layer in contract["layers"]] == list(LAYERS)
    ]

    assert holding, (
        "Name the group in its service's contract of shelves in pyproject.toml, and give it its"
        " place in the order of groups above that."
    )


def test_a_service_with_groups_has_no_shelf_beside_them() -> None:
    services = {group.parent for group in GROUPS}
    beside = [
        named(service / name)
        for service in services
        for name in ("api", "store", "model")
        if (service / name / "__init__.py").exists() or (service / f"{name}.py").exists()
    ]

    assert beside == [], "Split it by noun: each group has its own."


def test_what_goes_uphill_or_has_no_place_is_found(tmp_path: Path) -> None:
    for folder in ("", "visits", "visits/booking", "visits/booking/store", "visits/booking/way"):
        (tmp_path / "services" / folder).mkdir(parents=True)
        (tmp_path / "services" / folder / "__init__.py").touch()
    (group,) = groups(tmp_path)
    (group / "booking.py").write_text("from services.visits.booking.store import slots\n")
    (group / "store" / "slots.py").write_text("from services.visits.booking.booking import Booking")
    (group / "routes.py").write_text("from services.visits.booking import features\n")

    assert uphill(group) == [
        "services.visits.booking.routes imports features",
        "services.visits.booking.store.slots imports booking",
    ]
    assert misplaced(group) == ["services.visits.booking.routes"]
