"""No lock is open to whoever may connect to the database."""

from pathlib import Path

from tests.support.proof import ROOT


def test_no_service_takes_an_advisory_lock() -> None:
    sources = [
        file
        for folder in ("services", "shared")
        for ending in ("*.py", "*.sql")
        for file in (Path(ROOT) / folder).rglob(ending)
    ]

    assert len(sources) > 100
    assert [file for file in sources if "pg_advisory" in file.read_text()] == []
    assert [file for file in sources if "pg_try_advisory" in file.read_text()] == []
