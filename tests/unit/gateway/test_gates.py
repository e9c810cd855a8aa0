import pytest

from deploy.gateway.doors.identity import Gate
from deploy.gateway.gates import barred, next_page

OFFERED = Gate(name="account-email", required=False)
REQUIRED = Gate(name="account-email", required=True)
OF_LATER = Gate(name="of-a-later-release", required=True)


@pytest.mark.parametrize(
    ("gates", "skipped", "page"),
    [
        ([], [], "/sent"),
        ([OFFERED], [], "/gate/e-mail"),
        ([OFFERED], ["account-email"], "/sent"),
        ([REQUIRED], ["account-email"], "/gate/e-mail"),
        ([OF_LATER], [], "/sent"),
        ([OF_LATER, OFFERED], [], "/gate/e-mail"),
    ],
)
def test_the_first_open_gate_comes_before_what_was_wanted(
    gates: list[Gate], skipped: list[str], page: str
) -> None:
    assert next_page(gates, skipped, wanted="/sent") == page


@pytest.mark.parametrize(
    ("gates", "path", "before"),
    [
        ([REQUIRED], "/home", "/gate/e-mail"),
        ([REQUIRED], "/gate/e-mail", None),
        ([REQUIRED], "/session/keep", None),
        ([OFFERED], "/home", None),
        ([OF_LATER], "/home", None),
    ],
)
def test_a_required_gate_comes_before_every_page_but_its_own(
    gates: list[Gate], path: str, before: str | None
) -> None:
    assert barred(gates, path) == before
