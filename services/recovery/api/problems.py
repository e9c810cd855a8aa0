"""How recovery's errors are told."""

from services.recovery.errors import LinkInvalid
from shared.http.problems import Problems, ProblemType

PROBLEMS: Problems = {
    LinkInvalid: ProblemType(
        status=422,
        code="link_invalid",
        title="This link does not work",
        hint="It may have expired, have been used, or a newer one was mailed. Ask for a new link.",
    ),
}
