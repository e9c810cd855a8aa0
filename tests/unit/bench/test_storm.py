"""The event loop's lag, read off the histogram's buckets."""

import pytest

from tests.bench.figures import NotMeasured
from tests.bench.rows.storm import bucket_of

INF = float("inf")


def test_the_bucket_is_of_what_came_between_two_looks() -> None:
    before = {0.001: 90.0, 0.005: 95.0, 0.25: 100.0, INF: 100.0}
    after = {0.001: 180.0, 0.005: 194.0, 0.25: 200.0, INF: 200.0}

    assert bucket_of(0.90, before, after) == 0.001
    assert bucket_of(0.99, before, after) == 0.005
    assert bucket_of(0.995, before, after) == 0.25


def test_a_loop_that_was_not_observed_has_no_lag() -> None:
    with pytest.raises(NotMeasured):
        bucket_of(0.99, {INF: 3.0}, {INF: 3.0})
