"""What notify refuses or gives up, as types; how each is told stands in api/problems.py.

Exception
├── Refused
│   └── ReferenceReused      NT-9: the sender's own id came before, for something else
├── PatientUnknown           no account has arrived yet for this patient record: tried for minutes
├── PracticeUnknown          the practice has not arrived yet: tried again later
├── LeaseLost                somebody else has the delivery now: this courier must stop
├── NotRenderable            its template cannot print what it is told
├── AddressInvalid           not an address that a mail can be sent to
└── MailServerAway           the mail server takes no connection
"""

from shared.errors import Refused


class ReferenceReused(Refused):
    """The reference was used before, for another patient or topic."""


class PatientUnknown(Exception):
    """No account is known for this patient record; its snapshot may still be on the way."""


class PracticeUnknown(Exception):
    """The practice is not known; its snapshot may still be on the way."""


class LeaseLost(Exception):
    """The lease ran out and the delivery was given to another: nothing may be sent or recorded."""


class AddressInvalid(Exception):
    """The address cannot stand in a mail's header or on its envelope."""


class NotRenderable(Exception):
    """The mail cannot be written: no other try would write it."""


class MailServerAway(Exception):
    """No conversation can be begun."""
