"""How far an access token reaches: at which service, and of a person how much (SE-4)."""

from enum import StrEnum


class Service(StrEnum):
    """A token is good at all four, or at one alone (RFC 8707)."""

    IDENTITY = "identity"
    RECOVERY = "recovery"
    MERGE = "merge"
    NOTIFY = "notify"


class SessionScope(StrEnum):
    """What a person's session may do; a route says which of them it takes beside `full`."""

    FULL = "full"  #: all that is one's own
    GATES = "gates"  #: a required gate is open: its own verbs, and what leads out of it (LG-3)
    SETTINGS = "settings"  #: the last practice is gone: read settings, add a practice (UN-4)


QUESTIONS_GATE = "questions"
"""The gate at which the five security questions are set: recovery's verb, in a session that
identity's token says stands there (LG-3, RC-8).
"""
