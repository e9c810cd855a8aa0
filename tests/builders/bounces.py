"""Reports of mail servers that a mail could not be delivered, as Postfix writes them."""

from services.notify.ledger.model import DeliveryId
from tests.builders import events
from tests.rigs.notify import Office

REPORT = """\
Received: by mail.portico.example (Postfix)
\tid 4D7F11C0A5F; Mon,  3 Mar 2031 09:00:00 +0000 (UTC)
Date: Mon,  3 Mar 2031 09:00:00 +0000 (UTC)
From: MAILER-DAEMON@mail.portico.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="A9E2F1C0A5D.1930294800/mail.portico.example"
Message-Id: <20310303090000.4D7F11C0A5F@mail.portico.example>

This is a MIME-encapsulated message.

--A9E2F1C0A5D.1930294800/mail.portico.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.portico.example.

--A9E2F1C0A5D.1930294800/mail.portico.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.portico.example
X-Postfix-Queue-ID: A9E2F1C0A5D
Arrival-Date: Mon,  3 Mar 2031 09:00:00 +0000 (UTC)

Final-Recipient: rfc822; {address}
Original-Recipient: rfc822;{address}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.mail.example
Diagnostic-Code: smtp; 550 {status} <{address}>: no

--A9E2F1C0A5D.1930294800/mail.portico.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: Portico <portal@portico.example>
To: {address}
Subject: Your Portico account is locked

--A9E2F1C0A5D.1930294800/mail.portico.example--
"""


async def is_sent(office: Office, address: str = events.ADDRESS) -> DeliveryId:
    """A mail was sent to somebody whose account was locked."""
    event_id = await office.file(events.locked(events.new_account(), address))
    [row] = await office.rows(
        """
        UPDATE deliveries SET state = 'sent', attempts = 1, finished_at = created_at
        WHERE event_id = $1 RETURNING id
        """,
        event_id,
    )
    return DeliveryId(row["id"])


async def is_suppressed(office: Office, address: str = events.ADDRESS) -> None:
    """A mail to the address came back: no mailbox is there."""
    message = bounce_of(office, await is_sent(office, address))
    await office.features.bounces.bounces.take(message, by=office.plumbing.operator())


def bounce_of(
    office: Office, delivery_id: DeliveryId, status: str = "5.1.1", action: str = "failed"
) -> bytes:
    """The report that it came back, to its return path."""
    return bounce_to(office.features.sending.return_paths.write(delivery_id), status, action)


def bounce_to(to: str, status: str = "5.1.1", action: str = "failed") -> bytes:
    """The same to another address."""
    return REPORT.format(to=to, address=events.ADDRESS, status=status, action=action).encode()
