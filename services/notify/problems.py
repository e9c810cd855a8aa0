"""How notify's errors are told."""

from services.notify.communications.errors import PatientOfAnotherPractice, ReferenceReused
from services.notify.notices.errors import NotFound
from shared.http.problems import Problems, ProblemType

PROBLEMS: Problems = {
    NotFound: ProblemType(
        status=404,
        code="not_found",
        title="There is nothing here",
        hint="Check the id; only your own can be seen.",
    ),
    PatientOfAnotherPractice: ProblemType(
        status=403,
        code="patient_of_another_practice",
        title="This patient record belongs to another practice",
        hint="Send to patient records of your own practice only; check the id.",
    ),
    ReferenceReused: ProblemType(
        status=409,
        code="reference_reused",
        title="This reference was used before, for something else",
        hint="Send each communication under a reference of its own; the same again is harmless.",
    ),
}
