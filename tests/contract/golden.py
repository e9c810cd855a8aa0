"""Golden files of every event version ever published: one sample and one schema each.

A published version is for ever: what is committed here is never rewritten but for optional
additions. `python -m tests.contract.golden` writes the schemas of contracts that have none yet.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from shared.contracts.catalogue import CONTRACTS
from shared.contracts.contract import Contract

EVENTS = Path(__file__).parent / "events"
COMMENTS = frozenset({"title", "description", "default"})

Schema = Mapping[str, Any]


def sample_path(contract: Contract[Any]) -> Path:
    return EVENTS / f"{contract.routing_key}.json"


def schema_path(contract: Contract[Any]) -> Path:
    return EVENTS / f"{contract.routing_key}.schema.json"


def schema(contract: Contract[Any]) -> Schema:
    """The JSON Schema of a contract's data, as the code has it now."""
    return msgspec.json.schema(contract.data)


def breaks(before: Schema, now: Schema) -> list[str]:
    """Name every difference that is not an optional addition."""
    return list(differences(before, now, before, now, "$"))


def differences(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str
) -> Iterator[str]:
    old, new = resolved(old, old_root), resolved(new, new_root)
    if "properties" in old and "properties" in new:
        yield from of_objects(old, new, old_root, new_root, path)
    elif "items" in old and isinstance(old["items"], Mapping) and "items" in new:
        yield from differences(old["items"], new["items"], old_root, new_root, f"{path}[*]")
    elif "anyOf" in old and "anyOf" in new and len(old["anyOf"]) == len(new["anyOf"]):
        for one, other in zip(old["anyOf"], new["anyOf"], strict=True):
            yield from differences(one, other, old_root, new_root, path)
    elif without_comments(old) != without_comments(new):
        yield f"{path}: {without_comments(old)} became {without_comments(new)}"


def of_objects(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str
) -> Iterator[str]:
    was, is_now = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(is_now - was):
        yield f"{path}.{name}: is required now"
    for name in sorted(was - is_now):
        yield f"{path}.{name}: is no longer required"
    for name, shape in old["properties"].items():
        if name in new["properties"]:
            yield from differences(
                shape, new["properties"][name], old_root, new_root, f"{path}.{name}"
            )
        else:
            yield f"{path}.{name}: is gone"


def resolved(node: Schema, root: Schema) -> Schema:
    if "$ref" not in node:
        return node
    found: Schema = root["$defs"][node["$ref"].rpartition("/")[2]]
    return found


def without_comments(node: Schema) -> Schema:
    """Leave what is read. Every time ever published has its zone: to demand it breaks nothing."""
    kept = {key: value for key, value in node.items() if key not in COMMENTS}
    return {key: value for key, value in kept.items() if (key, value) != ("format", "date-time")}


def write_missing() -> None:
    for contract in CONTRACTS:
        if not schema_path(contract).exists():
            pretty = msgspec.json.format(msgspec.json.encode(schema(contract)), indent=2)
            schema_path(contract).write_bytes(pretty + b"\n")


if __name__ == "__main__":
    write_missing()
