"""MG-1: a proof that is refused is told in the words of a merge, under the code it always has."""

import pytest

from services.merge.parties.proofs import WORDED, worded
from shared.errors import Refused
from shared.trust.grants import GrantInvalid, GrantUsed

GRANTS = GrantInvalid.__module__
TOLD = [GrantInvalid, *GrantInvalid.__subclasses__(), GrantUsed]


@pytest.mark.parametrize("kind", [kind for kind in TOLD if kind.__module__ == GRANTS])
def test_every_refusal_of_a_grant_has_its_words(kind: type[Refused]) -> None:
    with pytest.raises(WORDED[kind]) as refused, worded():
        raise kind

    told = type(refused.value)
    assert (told.status, told.code, told.cause) == (kind.status, kind.code, kind.cause)
    assert told.hint != kind.hint
