"""What process groups spend, as /proc has it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.figures import Measured
from tests.bench.watch import Watch, costs, spent_by
from tests.support.proc import by_parent

BURN = "while True: pass"
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-S", "-c", {BURN!r}])
try:
    sys.stdin.read()
finally:
    child.kill()
    child.wait()
"""


@contextmanager
def a_process_with_a_busy_child() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-S", "-c", PARENT], stdin=subprocess.PIPE) as parent:
        while not by_parent().get(parent.pid):
            pass
        yield parent.pid
        assert parent.stdin is not None
        parent.stdin.close()


def test_what_a_process_has_started_belongs_to_its_group() -> None:
    with a_process_with_a_busy_child() as parent:
        watch = Watch.over({"parent": parent})
        while spent_by({"parent": parent})["parent"] - watch.before["parent"] < 0.05:
            pass
        measured = watch.measured(2, others={"generator": 0.5})

    assert measured.spent["parent"] >= 0.05
    assert measured.cpu == measured.spent["parent"]
    assert measured.spent["generator"] == 0.5


def test_a_child_that_is_a_group_of_its_own_counts_there_alone() -> None:
    with a_process_with_a_busy_child() as parent:
        [child] = by_parent()[parent]
        groups = {"parent": parent, "child": child}
        before = spent_by(groups)
        while (after := spent_by(groups))["child"] - before["child"] < 0.05:
            pass

    assert after["parent"] == before["parent"]


def test_what_was_spent_is_told_an_operation_and_the_busiest_first() -> None:
    rounds = [
        Measured(done=100, seconds=1.0, cpu=0.1, spent={"ours": 0.1, "PostgreSQL": cost})
        for cost in (0.3, 0.2, 0.4)
    ]

    told = costs("a row", "mail", rounds)

    assert "a row: CPU a mail in µs: PostgreSQL 3000, ours 1000, together 4000" in told
    assert "busiest was PostgreSQL with 30% of a core" in told
    assert rounds[0].cpu_of("ours", "PostgreSQL") == 4000
