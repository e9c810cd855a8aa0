"""Logs: JSON lines, and nothing in them that could be a person's or a secret."""

import logging
from uuid import UUID

from shared import logs
from tests.support.lines import Lines

ID = UUID(int=7)


def test_an_event_is_one_line_of_json(written: Lines) -> None:
    logs.logger("http").info("request", operation="log_on", status=201)

    [line] = written.read_back()
    assert line["event"] == "request"
    assert line["service"] == "shop"
    assert line["logger"] == "http"
    assert (line["operation"], line["status"], line["level"]) == ("log_on", 201, "info")
    assert line["timestamp"].endswith("Z")


def test_a_key_that_is_not_allowed_is_dropped_and_named_without_its_value(
    written: Lines,
) -> None:
    logs.logger("http").info("request", email="ann@example.org", password="hunter2")

    [line] = written.read_back()
    assert line["dropped"] == ["email", "password"]
    assert "ann" not in written.getvalue()
    assert "hunter2" not in written.getvalue()


def test_an_exception_is_told_by_type_and_place_never_by_its_text(written: Lines) -> None:
    try:
        raise ValueError("Key (email)=(ann@example.org) already exists")
    except ValueError as error:
        logs.logger("http").error("request_failed", error=error)

    [line] = written.read_back()
    assert line["error"] == "ValueError"
    assert "test_logs.py" in line["trace"][-1]
    assert "ann@example.org" not in written.getvalue()


def test_a_line_break_in_a_value_makes_no_second_line(written: Lines) -> None:
    logs.logger("http").info("request", operation='x\n{"event": "forged"}\r\u2028')

    assert len(written.getvalue().splitlines()) == 1
    [line] = written.read_back()
    assert line["event"] == "request"


def test_what_cannot_be_json_is_told_by_its_type(written: Lines) -> None:
    logs.logger("http").info("request", reason={"email": "ann@example.org"})

    assert written.read_back()[0]["reason"] == "<dict>"


def test_the_correlation_id_is_on_every_line_inside_and_on_none_outside(
    written: Lines,
) -> None:
    with logs.correlated(ID):
        logs.logger("http").info("request")
        assert logs.correlation_id() == ID
    logs.logger("http").info("request")

    inside, outside = written.read_back()
    assert inside["correlation_id"] == str(ID)
    assert "correlation_id" not in outside


def test_a_library_is_quoted_by_its_template_without_its_arguments(written: Lines) -> None:
    logging.getLogger("aiormq").warning("cannot connect to %s", "amqp://u:hunter2@host")

    [line] = written.read_back()
    assert line["reason"] == "cannot connect to %s"
    assert "hunter2" not in written.getvalue()


def test_lines_below_the_level_are_not_written(written: Lines) -> None:
    logs.logger("http").debug("request")

    assert written.read_back() == []


def test_a_logger_made_at_import_follows_a_later_configuration(written: Lines) -> None:
    log = logs.logger("early")
    other = Lines()

    logs.configure("notify", "INFO", other)
    log.info("request")

    assert written.read_back() == []
    assert other.read_back()[0]["service"] == "notify"


def test_a_reader_that_has_gone_costs_lines_but_never_the_work(written: Lines) -> None:
    gone = Lines()
    logs.configure("shop", "INFO", gone)
    gone.close()

    logs.logger("http").info("request")
    logging.getLogger("aiormq").warning("closed")


def test_the_stream_is_left_open_for_its_owner(written: Lines) -> None:
    logs.Unbreakable(written).close()

    logs.logger("http").info("request")

    assert len(written.read_back()) == 1
