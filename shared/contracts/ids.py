"""The names of things that cross a service's border."""

from typing import NewType
from uuid import UUID

AccountId = NewType("AccountId", UUID)
PatientId = NewType("PatientId", UUID)  # a patient record of one practice
PracticeId = NewType("PracticeId", UUID)
SessionId = NewType("SessionId", UUID)
MergeId = NewType("MergeId", UUID)
EventId = NewType("EventId", UUID)
