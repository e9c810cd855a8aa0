"""A pasted list is read as a spreadsheet writes it (EN-6)."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import pytest
from aiohttp.test_utils import TestClient, TestServer

from deploy.gateway.app import compose
from deploy.gateway.desk.bulk import HEADING, BulkForm, read
from deploy.gateway.settings import Settings
from deploy.gateway.web.forms import FORM, read_form
from shared.settings.loader import load
from tests.support.clock import FakeClock
from tests.unit.gateway.settings import environment
from tests.unit.gateway.words import ENGLISH

NAMED = "number,last_name,first_name,birth_date,address"
HALE = {
    "number": "P-1",
    "last_name": "Hale",
    "first_name": "June",
    "birth_date": "1988-04-17",
}


@pytest.mark.proves("EN-6")
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (f"{NAMED}\nP-1,Hale,June,1988-04-17,", [HALE]),
        (f"\r\n{NAMED}\r\n P-1 , Hale,June,1988-04-17\r\n\r\n", [HALE]),
        (
            f'{NAMED}\nP-1,Hale,June,1988-04-17,"1 Elm Road, Rye"',
            [{**HALE, "address": "1 Elm Road, Rye"}],
        ),
        (f"{NAMED}\nP-1,Hale,June,1988-04-17,1 Elm Road, Rye", []),
        (f"{NAMED}\nP-1,Hale", [{"number": "P-1", "last_name": "Hale"}]),
        (f"{NAMED},nickname\nP-1,Hale,June,1988-04-17,,J", []),
        ("number,last_name,first_name\nP-1,Hale,June", []),
        ("P-1,Hale,June,1988-04-17", []),
        (f"{NAMED}\nP-1,Ha\rle,June,1988-04-17", []),
        (HEADING, []),
        ("", []),
    ],
)
def test_a_list_is_read_by_its_first_line_or_not_at_all(
    text: str, rows: Sequence[Mapping[str, str]]
) -> None:
    assert read(text) == rows or (not rows and not read(text))


@pytest.mark.proves("EN-6")
async def test_a_thousand_patients_with_all_that_is_known_of_them_are_one_list() -> None:
    rows = "".join(
        f"HC-2026-{number:06},Hernández-Villanueva,María Guadalupe,1988-04-17,+1 555 010-{number},"
        f'"{number} Old Turnpike Road, Apartment 12 B, Springfield, MA 01101-4321",'
        f"maria.guadalupe.hernandez.{number}@mail.example\r\n"
        for number in range(1000)
    )
    posted = {"rows": f"{HEADING}\r\n{rows}", "reason": "moved to the portal", "invite": "yes"}
    gateway = compose(load(Settings, environment(DESK_PORT="8109")), FakeClock())
    assert gateway.desk is not None

    reading = read_form(BulkForm, posted, ENGLISH)
    async with TestClient(TestServer(gateway.desk)) as client:
        answers = [
            await client.post(
                path,
                data=urlencode(posted).encode(),
                headers={"Host": "localhost:8109", "Content-Type": FORM},
                allow_redirects=False,
            )
            for path in ("/patients/bulk", "/patients/register")
        ]
    await gateway.close()

    assert reading.form is not None
    assert len(read(reading.form.rows)) == 1000
    assert [answer.status for answer in answers] == [303, 413]  # nobody sits there; too much
