"""The processes of this machine, as /proc has them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

STATE, PARENT, SESSION = 0, 1, 3  # of a process's fields


def fields_of(pid: int) -> list[str]:
    """Read /proc/<pid>/stat from the state on: the name before it may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def processes() -> Iterator[tuple[int, list[str]]]:
    """List every process with its fields."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            yield int(path.name), fields_of(int(path.name))
        except OSError:
            continue  # gone meanwhile


def by_parent() -> Mapping[int, Sequence[int]]:
    """List every process under the one that started it."""
    found: dict[int, list[int]] = defaultdict(list)
    for pid, fields in processes():
        found[int(fields[PARENT])].append(pid)
    return found


def tree(root: int) -> Iterator[int]:
    """List a process and its descendants: sessions of their own among them."""
    children, waiting = by_parent(), [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, ())
        yield pid
