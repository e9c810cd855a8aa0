"""Proof, not promise: a README claims no row that no test proves."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.proof import ROOT, Claim, Proof, claims, faults


def test_every_row_in_a_readme_is_proven_by_a_test() -> None:
    collected = subprocess.run(
        [sys.executable, "-m", "tests.support.proof"], cwd=ROOT, capture_output=True, text=True
    )

    assert collected.returncode == 0, collected.stdout + collected.stderr


def test_each_service_claims_rows() -> None:
    claiming = {claim.readme.parent.name for claim in claims()}

    assert {"identity", "recovery", "merge", "notify"} <= claiming


@pytest.mark.parametrize(
    ("claimed", "proven", "fault"),
    [
        (None, [], "README.md: RC-3 has no test"),
        ("replay", [None], "test_it: RC-3 misses None, by README.md 'replay'"),
        (None, ["replay"], "test_it: RC-3 misses 'replay', by README.md None"),
        ("replay", ["reply"], "test_it: RC-3 misses 'reply', by README.md 'replay'"),
        (None, [None, "replay"], "test_it: RC-3 misses 'replay', by README.md None"),
    ],
)
def test_a_claim_that_its_tests_do_not_bear_out_is_named(
    claimed: str | None, proven: list[str | None], fault: str
) -> None:
    claim = Claim(row="RC-3", readme=Path(ROOT / "README.md"), missing=claimed)
    proofs = [Proof(row="RC-3", test="test_it", missing=part) for part in proven]

    assert faults([claim], proofs) == [fault]
