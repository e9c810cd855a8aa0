import pytest

from deploy.gateway.doors.identity import Gate
from deploy.gateway.gates import ALWAYS, at_merge_offer, barred, next_page

TERMS = Gate(name="terms", required=True)
OFFERED = Gate(name="account-email", required=False)
REQUIRED = Gate(name="account-email", required=True)
TWO_STEP = Gate(name="two-step", required=False)
NEW_PASSWORD = Gate(name="new-password", required=True)
PASSKEYS = Gate(name="passkeys", required=False)
DISCLAIMERS = Gate(name="disclaimers", required=False)
OF_LATER = Gate(name="of-a-later-release", required=True)


@pytest.mark.parametrize(
    ("gates", "page"),
    [
        ([], "/sent"),
        ([TERMS, OFFERED], "/gate/terms"),
        ([OFFERED, DISCLAIMERS], "/gate/e-mail"),
        ([TWO_STEP, DISCLAIMERS], "/gate/two-step"),
        ([PASSKEYS, DISCLAIMERS], "/gate/passkeys"),
        ([NEW_PASSWORD, TERMS], "/gate/new-password"),
        ([REQUIRED], "/gate/e-mail"),
        ([DISCLAIMERS], "/gate/disclaimers"),
        ([OF_LATER], "/sent"),
        ([OF_LATER, OFFERED], "/gate/e-mail"),
    ],
)
def test_the_first_open_gate_comes_before_what_was_wanted(gates: list[Gate], page: str) -> None:
    assert next_page(gates, scope="full", wanted="/sent") == page


@pytest.mark.proves("LG-3")
@pytest.mark.parametrize(
    ("gates", "scope", "now"),
    [
        ([], "full", True),
        ([DISCLAIMERS], "full", True),
        ([OF_LATER], "full", True),
        ([TERMS], "full", False),
        ([OFFERED, DISCLAIMERS], "full", False),
        ([TWO_STEP], "full", False),
        ([], "settings", False),
    ],
)
def test_the_merge_offer_comes_after_all_gates_but_the_disclaimers(
    gates: list[Gate], scope: str, now: bool
) -> None:
    assert at_merge_offer(gates, scope=scope) is now


@pytest.mark.parametrize(
    ("gates", "path", "before"),
    [
        ([REQUIRED], "/home", "/gate/e-mail"),
        ([REQUIRED], "/gate/e-mail", None),
        ([REQUIRED], "/session/keep", None),
        ([REQUIRED], "/settings/confirm/passkey", None),
        ([REQUIRED], "/settings/passkeys", "/gate/e-mail"),
        ([PASSKEYS], "/home", None),
        ([TERMS, OFFERED], "/gate/e-mail", "/gate/terms"),
        ([OFFERED, DISCLAIMERS], "/home", None),
        ([TWO_STEP], "/home", None),
        ([NEW_PASSWORD, OFFERED], "/settings/password", "/gate/new-password"),
        ([NEW_PASSWORD], "/gate/new-password/rules", None),
        ([OF_LATER], "/home", None),
    ],
)
def test_a_required_gate_comes_before_every_page_but_its_own(
    gates: list[Gate], path: str, before: str | None
) -> None:
    assert barred(gates, path, scope="gates") == before


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("/home", "/contact-your-practice"),
        ("/sent", "/contact-your-practice"),
        ("/settings/sessions", "/contact-your-practice"),
        ("/settings", None),
        ("/contact-your-practice", None),
        ("/session/keep", None),
        ("/settings/confirm/passkey", None),
    ],
)
def test_without_a_practice_there_is_whom_to_contact_and_the_settings(
    path: str, before: str | None
) -> None:
    assert barred([], path, scope="settings") == before
    assert next_page([], scope="settings", wanted=path) == (
        path if before is None and path not in ALWAYS else "/contact-your-practice"
    )
    assert next_page([TERMS], scope="gates", wanted=path) == "/gate/terms"
