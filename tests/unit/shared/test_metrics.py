"""Metrics: only what the table declares can be counted."""

import pytest

from shared.metrics import METRICS, Kind, Metric, Metrics, UndeclaredMetric


def test_an_undeclared_metric_raises() -> None:
    with pytest.raises(UndeclaredMetric):
        Metrics().count("wishes")


def test_labels_must_be_exactly_those_declared() -> None:
    metrics = Metrics()

    with pytest.raises(UndeclaredMetric):
        metrics.count("http_requests", operation="log_on")
    with pytest.raises(UndeclaredMetric):
        metrics.count("relay_published", email="ann@example.org")


def test_a_metric_is_used_as_the_kind_it_is() -> None:
    metrics = Metrics()

    with pytest.raises(UndeclaredMetric):
        metrics.gauge("relay_published", 1)
    with pytest.raises(UndeclaredMetric):
        metrics.count("outbox_depth")
    with pytest.raises(UndeclaredMetric):
        metrics.observe("outbox_depth", 1)


def test_values_can_be_read_back_and_are_rendered_for_prometheus() -> None:
    metrics = Metrics()

    metrics.count("relay_published", 3)
    metrics.gauge("outbox_depth", 2)
    metrics.observe("hashing_seconds", 0.2)

    assert metrics.value("relay_published") == 3
    assert metrics.value("outbox_depth") == 2
    assert metrics.value("hashing_seconds") == 1
    assert b"portico_relay_published_total 3.0" in metrics.render()


def test_two_processes_in_one_do_not_share_a_registry() -> None:
    first, second = Metrics(), Metrics()

    first.count("relay_published")

    assert second.value("relay_published") == 0


def test_a_service_adds_its_own_metrics() -> None:
    metrics = Metrics(Metric("mails_sent", Kind.COUNTER, "Mails sent", ("channel",)))

    metrics.count("mails_sent", channel="smtp")

    assert metrics.value("mails_sent", channel="smtp") == 1


def test_every_metric_has_a_help_text_and_a_name_of_its_own() -> None:
    assert all(metric.help for metric in METRICS)
    assert len({metric.name for metric in METRICS}) == len(METRICS)
