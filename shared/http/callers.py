"""Who calls, once the route's guard has let them in."""

from typing import Any

from shared.access import ClientCaller, SessionCaller
from shared.contracts.ids import AccountId, PracticeId, SessionId
from shared.http.problems import ScopeMissing
from shared.http.routes import Call


def account_of(call: Call[Any]) -> AccountId:
    """The account of a route behind `Session`."""
    return person_of(call).account_id


def account_version_of(call: Call[Any]) -> int:
    """Which version of the account was known where the token of a `Session` was signed."""
    return person_of(call).account_version


def session_of(call: Call[Any]) -> SessionId:
    """The session of a route behind `Session`."""
    return person_of(call).session_id


def person_of(call: Call[Any]) -> SessionCaller:
    """Whoever calls a route behind `Session`."""
    if not isinstance(call.caller, SessionCaller):
        raise ScopeMissing
    return call.caller


def practice_of(call: Call[Any]) -> PracticeId:
    """The practice of a route behind `Client`: the caller's own, never one that a body names."""
    if not isinstance(call.caller, ClientCaller) or call.caller.practice_id is None:
        raise ScopeMissing
    return call.caller.practice_id
