"""What merge refuses, as types; how each is told stands in api/problems.py.

Refused
├── NotFound                    a merge that is not there, or another account's
├── MergeConfirmationRequired   MG-4
├── MergeSameAccount            MG-3: both proofs are of one account
├── AccountMerged               MG-3: one of the two was absorbed before
├── MergeInProgress             MG-3: another merge has one of the two
├── MergeProofStale             MG-1: credentials of either account changed since the proof
└── MergePersonMismatch         MG-2

Refusals of the grants themselves are shared.grants' own.
"""

from shared.errors import Refused


class NotFound(Refused):
    """There is no such thing, or none of the caller's."""


class MergeConfirmationRequired(Refused):
    """The request does not say that it knows a merge cannot be undone."""


class MergeSameAccount(Refused):
    """An account cannot be merged with itself."""


class AccountMerged(Refused):
    """One of the accounts is no more: it was absorbed by another."""


class MergeInProgress(Refused):
    """Another merge of one of these accounts has not ended."""


class MergeProofStale(Refused):
    """Since it was proven, an account's credentials changed, or it was frozen."""


class MergePersonMismatch(Refused):
    """No record of the one account has last name and birth date of one of the other's."""
