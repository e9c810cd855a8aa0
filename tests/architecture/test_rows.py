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
    ("missing", "proofs", "fault"),
    [
        (None, [], "README.md: RC-3 has no test"),
        ("replay", [None], "README.md: RC-3 is part here, whole in every test that proves it"),
        (None, ["replay"], "README.md: RC-3 is built here, part in every test that proves it"),
    ],
)
def test_a_claim_without_its_proof_is_named(
    missing: str | None, proofs: list[str | None], fault: str
) -> None:
    claim = Claim(row="RC-3", readme=Path(ROOT / "README.md"), missing=missing)
    proven = [Proof(row="RC-3", test="test_it", missing=part) for part in proofs]

    assert faults([claim], proven) == [fault]
