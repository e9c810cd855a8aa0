"""Bodies that take one of several things: what is wrong with one that has none, or two."""

from collections.abc import Collection

from shared.errors import Violation
from shared.http.problems import BodyInvalid
from shared.http.routes import Body

Kinds = Collection[tuple[str, ...]]


def not_one_of(body: Body, kinds: Kinds) -> BodyInvalid:
    """Name what is missing and what is too much, beside the kind that the body is closest to.

    Each kind is the fields that belong together; of two that are as close, the first is meant.
    """
    all_fields = dict.fromkeys(name for kind in kinds for name in kind)
    given = [name for name in all_fields if getattr(body, name) is not None]
    meant = max(kinds, key=lambda kind: len({*kind} & {*given}))
    detail = " or ".join(" with ".join(kind) for kind in kinds)
    missing = [(name, "field_missing") for name in meant if name not in given]
    extra = [(name, "field_not_allowed") for name in given if name not in meant]
    return BodyInvalid(
        *(Violation(field=name, code=code, detail=detail) for name, code in (*missing, *extra))
    )


def require_one_of(body: Body, kinds: Kinds) -> None:
    """Take a body with all fields of one kind, and none of another's. Raises BodyInvalid."""
    every = {name for kind in kinds for name in kind}
    if {name for name in every if getattr(body, name) is not None} not in map(set, kinds):
        raise not_one_of(body, kinds)


def require_email_choice(email: str | None, *, no_email: bool) -> None:
    """Take an address or `no_email: true`, and not both. Raises BodyInvalid."""
    if (email is None) is not no_email:
        code = "field_missing" if email is None else "field_not_allowed"
        detail = "either an e-mail address or no_email: true"
        raise BodyInvalid(Violation(field="email", code=code, detail=detail))
