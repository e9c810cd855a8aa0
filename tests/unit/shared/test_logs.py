"""Logs: JSON lines, and nothing in them that could be a person's or a secret."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog

from shared import logs

ID = UUID(int=7)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    written = io.StringIO()
    logs.configure("identity", "INFO", written)
    yield written
    structlog.reset_defaults()
    logging.getLogger().handlers[:], level = before
    logging.getLogger().setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json(stream: io.StringIO) -> None:
    logs.logger("http").info("request", operation="log_on", status=201)

    [line] = lines(stream)
    assert line["event"] == "request"
    assert line["service"] == "identity"
    assert line["logger"] == "http"
    assert (line["operation"], line["status"], line["level"]) == ("log_on", 201, "info")
    assert line["timestamp"].endswith("Z")


def test_a_key_that_is_not_allowed_is_dropped_and_named_without_its_value(
    stream: io.StringIO,
) -> None:
    logs.logger("http").info("request", email="ann@example.org", password="hunter2")

    [line] = lines(stream)
    assert line["dropped"] == ["email", "password"]
    assert "ann" not in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_an_exception_is_told_by_type_and_place_never_by_its_text(stream: io.StringIO) -> None:
    try:
        raise ValueError("Key (email)=(ann@example.org) already exists")
    except ValueError as error:
        logs.logger("http").error("request_failed", error=error)

    [line] = lines(stream)
    assert line["error"] == "ValueError"
    assert "test_logs.py" in line["trace"][-1]
    assert "ann@example.org" not in stream.getvalue()


def test_a_line_break_in_a_value_makes_no_second_line(stream: io.StringIO) -> None:
    logs.logger("http").info("request", operation='x\n{"event": "forged"}\r\u2028')

    assert len(stream.getvalue().splitlines()) == 1
    [line] = lines(stream)
    assert line["event"] == "request"


def test_what_cannot_be_json_is_told_by_its_type(stream: io.StringIO) -> None:
    logs.logger("http").info("request", reason={"email": "ann@example.org"})

    assert lines(stream)[0]["reason"] == "<dict>"


def test_the_correlation_id_is_on_every_line_inside_and_on_none_outside(
    stream: io.StringIO,
) -> None:
    with logs.correlated(ID):
        logs.logger("http").info("request")
        assert logs.correlation_id() == ID
    logs.logger("http").info("request")

    inside, outside = lines(stream)
    assert inside["correlation_id"] == str(ID)
    assert "correlation_id" not in outside


def test_a_library_is_quoted_by_its_template_without_its_arguments(stream: io.StringIO) -> None:
    logging.getLogger("aiormq").warning("cannot connect to %s", "amqp://u:hunter2@host")

    [line] = lines(stream)
    assert line["reason"] == "cannot connect to %s"
    assert "hunter2" not in stream.getvalue()


def test_lines_below_the_level_are_not_written(stream: io.StringIO) -> None:
    logs.logger("http").debug("request")

    assert lines(stream) == []


def test_a_logger_made_at_import_follows_a_later_configuration(stream: io.StringIO) -> None:
    log = logs.logger("early")
    other = io.StringIO()

    logs.configure("notify", "INFO", other)
    log.info("request")

    assert lines(stream) == []
    assert lines(other)[0]["service"] == "notify"
