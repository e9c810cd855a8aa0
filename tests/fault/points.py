"""The crash points: where a service can be killed on the way of one event, from request to mail.

```
request, loop or consumer    BEFORE_COMMIT · AFTER_COMMIT      the transaction that writes the event
relay                        CLAIMED · PUBLISHED · CONFIRMED · DELETED
consumer                     TAKEN · APPLIED · SETTLED
ledger                       FILED                             what a practice submitted
courier                      LEASED · BEFORE_DATA · AFTER_DOT · ANSWERED
```
"""

from enum import StrEnum


class Point(StrEnum):
    """In the order in which an event comes by."""

    BEFORE_COMMIT = "before-commit"  #: the event is in the outbox, uncommitted
    AFTER_COMMIT = "after-commit"  #: committed; the relay does not know, the client has no reply
    CLAIMED = "claimed"  #: the relay holds the row, nothing is sent
    PUBLISHED = "published"  #: it is on its way to the broker, no confirm is read
    CONFIRMED = "confirmed"  #: the relay knows, the row is there
    DELETED = "deleted"  #: the row is deleted, uncommitted
    TAKEN = "taken"  #: the inbox row is written, uncommitted
    APPLIED = "applied"  #: the effect is too
    SETTLED = "settled"  #: committed, not acknowledged
    FILED = "filed"  #: a submitted communication is in the ledger, uncommitted
    LEASED = "leased"  #: a courier holds the delivery
    BEFORE_DATA = "before-data"  #: the mail server has the envelope, and waits for the content
    AFTER_DOT = "after-dot"  #: the mail server has the mail, its 250 is not seen
    ANSWERED = "answered"  #: the 250 is seen, not recorded


PRODUCER = (Point.BEFORE_COMMIT, Point.AFTER_COMMIT)
RELAY = (Point.CLAIMED, Point.PUBLISHED, Point.CONFIRMED, Point.DELETED)
CONSUMER = (Point.TAKEN, Point.APPLIED, Point.SETTLED)
FILING = (Point.FILED,)
COURIER = (Point.LEASED, Point.BEFORE_DATA, Point.AFTER_DOT, Point.ANSWERED)

PUBLISHED_TIMES = {
    Point.CLAIMED: {1},
    Point.PUBLISHED: {1, 2},
    Point.CONFIRMED: {2},
    Point.DELETED: {2},
}
"""How often the event goes over the bus: the row is still there where the broker may have it, or
has it. What was handed to the socket of a killed process may or may not arrive."""

MAILED_TWICE = (Point.AFTER_DOT, Point.ANSWERED)
"""NT-6: nobody can know whether the mail arrived. Account activity is sent again as the same mail;
a practice communication is held."""
