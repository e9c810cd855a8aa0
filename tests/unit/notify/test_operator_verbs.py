import pytest

from services.notify.__main__ import PROGRAM
from shared.program.commands import main


@pytest.mark.parametrize("limit", ["0", "-1", "9223372036854775808", "many"])
@pytest.mark.parametrize("which", ["held", "failed"])
def test_a_limit_that_no_list_can_have_is_exit_2(which: str, limit: str) -> None:
    with pytest.raises(SystemExit) as raised:
        main(PROGRAM, ["deliveries", which, f"--limit={limit}"], {})

    assert raised.value.code == 2
