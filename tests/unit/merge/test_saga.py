"""The saga's rule: the state of a merge is what was heard of it, in whatever order (MG-9)."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.merge.saga import Applier, Progress, State
from shared.contracts.identity import MergeRefusal

pytestmark = pytest.mark.proves("MG-9")
PLACE = [State.REQUESTED, State.APPLYING, State.COMPLETED]


def after(progress: Progress, applier: Applier) -> Progress:
    """What the one UPDATE of store/merges.py keeps: the set of who has applied it."""
    return Progress(applied=progress.applied | {applier})


orders = st.permutations(list(Applier)).flatmap(
    lambda order: st.lists(st.sampled_from(list(Applier)), max_size=9).flatmap(
        lambda again: st.permutations([*order, *again])
    )
)


@given(orders)
def test_any_order_with_any_repetitions_goes_forward_to_completed(order: list[Applier]) -> None:
    steps = list(accumulate(order, after, initial=Progress()))

    places = [PLACE.index(step.state) for step in steps]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, 2)


@given(orders)
def test_a_merge_is_completed_with_the_last_who_applies_it_and_not_before(
    order: list[Applier],
) -> None:
    heard = accumulate(order, after, initial=Progress())

    for count, progress in enumerate(heard):
        everyone = set(order[:count]) == set(Applier)
        assert (progress.state is State.COMPLETED) is everyone
        assert progress.ended is everyone
        assert progress.awaited == set(Applier) - set(order[:count])


@pytest.mark.parametrize("reason", list(MergeRefusal))
def test_a_refusal_ends_a_merge_and_nobody_is_waited_for(reason: MergeRefusal) -> None:
    progress = Progress(refusal=reason)

    assert (progress.state, progress.ended, progress.awaited) == (State.REFUSED, True, frozenset())
