"""Proof, not promise: `make proof` fails where a README claims a row that no test proves."""

import pytest

from tests.support.proof import ROOT, Claim, Proof, claims, faults, proofs_of


def test_each_service_claims_rows() -> None:
    claiming = {claim.readme.parent.name for claim in claims()}

    assert {"identity", "recovery", "merge", "notify"} <= claiming


@pytest.mark.parametrize(
    ("claimed", "proven", "fault"),
    [
        ({"README.md": "replay"}, [], "README.md: RC-3 has no test"),
        ({}, ["RC-3"], "test_it proves RC-3, which no README claims"),
        (
            {"README.md": "replay", "services/merge/README.md": None},
            ["RC-3"],
            "RC-3 misses None by services/merge/README.md, 'replay' by README.md",
        ),
    ],
)
def test_claims_and_tests_that_do_not_fit_are_named(
    claimed: dict[str, str | None], proven: list[str], fault: str
) -> None:
    rows = [
        Claim(row="RC-3", readme=ROOT / place, missing=missing)
        for place, missing in claimed.items()
    ]

    assert faults(rows, [Proof(row=row, test="test_it") for row in proven]) == [fault]


def test_a_row_built_in_part_is_proven_by_the_same_marker() -> None:
    claim = Claim(row="RC-3", readme=ROOT / "README.md", missing="replay")

    assert (
        faults([claim], [Proof(row="RC-3", test="test_it"), Proof(row="V2.3.4", test="it")]) == []
    )


def test_a_marker_that_says_what_is_missing_is_sent_to_the_readme(
    request: pytest.FixtureRequest,
) -> None:
    item = request.node
    item.add_marker(pytest.mark.proves("RC-3", part="replay"))

    with pytest.raises(pytest.UsageError, match="what is missing is said in the README"):
        proofs_of(item)
