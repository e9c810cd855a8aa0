"""What notify refuses or gives up, as types; how each is told stands in api/problems.py.

Exception
├── Refused
│   ├── NotFound             no such thing, or not the caller's own
│   ├── PatientOfAnotherPractice NT-9: the patient record is another practice's
│   └── ReferenceReused      NT-9: the sender's own id came before, for something else
├── PatientUnknown           no account has arrived yet for this patient record: tried for minutes
├── MergeUnderWay            whose patient record it is, a merge is about to say: tried again later
├── PracticeUnknown          the practice has not arrived yet: tried again later
├── LeaseLost                somebody else has the delivery now: this courier must stop
├── NotRenderable            its template cannot print what it is told
├── AddressInvalid           not an address that a mail can be sent to
└── MailServerAway           the mail server takes no connection
"""

from shared.errors import Refused


class NotFound(Refused):
    """There is no such thing, or it is another's."""


class PatientOfAnotherPractice(Refused):
    """The patient record is known as another practice's."""


class ReferenceReused(Refused):
    """The reference was used before, for another patient or topic."""


class PatientUnknown(Exception):
    """No account is known to be enrolled with this patient record: the word may be on the way."""


class MergeUnderWay(Exception):
    """Not all that a merge publishes has arrived: the record's account cannot be said yet."""


class PracticeUnknown(Exception):
    """The practice is not known; its snapshot may still be on the way."""


class LeaseLost(Exception):
    """The lease ran out, or what it is for has become void: nothing may be sent or recorded."""


class AddressInvalid(Exception):
    """The address cannot stand in a mail's header or on its envelope."""


class NotRenderable(Exception):
    """The mail cannot be written: no other try would write it."""


class MailServerAway(Exception):
    """No conversation can be begun; `code` is the server's refusal, where it answered."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(code)
        self.code = code
