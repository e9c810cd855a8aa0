"""The suite's own traps: they fail aloud where they do not fit, and are sprung once."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.errors import NoServers
from deploy.local.servers import POSTGRES_URL
from deploy.local.stack import ROOT
from shared.contracts.topology import SERVICES
from tests.fault.books import CONSUMERS
from tests.fault.paths import ALL, HOPS, ONCE, is_chosen
from tests.fault.points import Point
from tests.fault.seams import SEAMS, SEAMS_OF_MAIL, SESSIONS, SUBMITTED, Seam, SeamMissing, install
from tests.fault.servers import own_servers, without_urls
from tests.fault.trap import Snare, Trap

SNARE = Snare(point=Point.CLAIMED, event="identity.account-locked.v1")


@pytest.mark.parametrize("seam", [*SEAMS, *SEAMS_OF_MAIL], ids=lambda seam: seam.name)
def test_a_seam_that_the_product_has_no_more_is_named(tmp_path: Path, seam: Seam) -> None:
    gone = replace(seam, name=f"{seam.name}_of_old")
    changed = replace(seam, arguments=(*seam.arguments, "more"))

    with pytest.raises(SeamMissing, match=f"{seam.name}_of_old is gone"):
        install(Trap(tmp_path, "identity"), [gone])
    with pytest.raises(SeamMissing, match=f"{seam.name} takes"):
        install(Trap(tmp_path, "identity"), [changed])


def test_every_point_is_gone_to_once_by_make_test() -> None:
    chosen = [case for case in ALL if is_chosen(case)]

    assert sorted(case.snare.point for case in chosen) == sorted(Point) == sorted(ONCE)


def test_every_event_is_on_a_path() -> None:
    on_a_path = {hop.event for hop in HOPS}
    with_another = {  # written by the same transactions as an event that is on a path
        "identity.person-changed.v1",
        "identity.practice-changed.v1",
    }
    by_a_verb = {  # straight: told again after a crash, by its verb
        "identity.snapshots-listed.v1",
        "notify.snapshots-listed.v1",
    }
    keys = {f"{service}.keys-changed.v1" for service in SERVICES}
    of_the_past = {  # read still, published no more
        "identity.password-reset.v1",
        "merge.merge-refused.v1",
        "recovery.username-reminder-requested.v1",
    }

    assert (
        set(CONSUMERS) - keys - of_the_past - by_a_verb
        == (on_a_path - {SESSIONS, SUBMITTED}) | with_another
    )


def test_a_trap_kills_at_its_own_point_and_is_gone_then(tmp_path: Path) -> None:
    trap = Trap(tmp_path, "identity")
    trap.arm(SNARE)
    script = f"""
from pathlib import Path
from tests.fault.points import Point
from tests.fault.seams import die
from tests.fault.trap import Trap
trap = Trap(Path({str(tmp_path)!r}), "identity")
die(trap, Point.DELETED, lambda snare: True)
die(trap, Point.CLAIMED, lambda snare: False)
die(trap, Point.CLAIMED, lambda snare: snare.event == {SNARE.event!r})
"""

    died = subprocess.run([sys.executable, "-c", script], cwd=ROOT)
    lived = subprocess.run([sys.executable, "-c", script], cwd=ROOT)

    assert (died.returncode, lived.returncode) == (-9, 0)
    assert trap.sprung.exists()
    assert not trap.armed.exists()


async def test_without_servers_to_kill_it_is_said_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")

    with pytest.raises(NoServers, match="containers: no Docker engine answers"):
        async with own_servers({"SERVERS": "containers"}, lambda _: None):
            pass


@pytest.mark.parametrize("forced", ["urls", "containers", "local"])
def test_servers_that_urls_name_are_never_killed(forced: str) -> None:
    environ = {"SERVERS": forced, POSTGRES_URL: "postgresql://a:b@127.0.0.1/", "PATH": "/bin"}

    kept = without_urls(environ)

    assert kept == ({} if forced == "urls" else {"SERVERS": forced}) | {"PATH": "/bin"}
