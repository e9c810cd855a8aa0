"""How notify's errors are told."""

from services.notify.errors import ReferenceReused
from shared.http.problems import Problems, ProblemType

PROBLEMS: Problems = {
    ReferenceReused: ProblemType(
        status=409,
        code="reference_reused",
        title="This reference was used before, for something else",
        hint="Send each communication under a reference of its own; the same again is harmless.",
    ),
}
