"""A pasted list is read as a spreadsheet writes it (EN-6)."""

from collections.abc import Mapping, Sequence

import pytest

from deploy.gateway.desk.bulk import HEADING, read

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
