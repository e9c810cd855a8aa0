"""The ledger: what was promised by a 2xx, against what is. Nothing lost, nothing twice.

A request that was under way when its service died has an unknown outcome: its client asks again,
and the ledger takes either, never both.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from tests.fault.books import Books

NOT_LOST = ("sent", "unknown")
SUPERSEDED = ("reset-link", "email-verification")  # a newer one may take its place unsent


@dataclass(frozen=True, slots=True, kw_only=True)
class Mails:
    """How many mails of one template an account is owed. More than `least` only where a request
    without an idempotency key had to be repeated: then each of the two may count."""

    template: str
    least: int = 1
    most: int = 1
    refused: bool = False  # by the mail server, for good


Check = Callable[[Books], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Ledger:
    """One test's promises. `balance` waits until the stack has nothing left to do and compares."""

    books: Books
    checks: dict[str, Check] = field(default_factory=dict)
    owed: dict[UUID, list[Mails]] = field(default_factory=dict)

    def promised(self, what: str, check: Check) -> None:
        """Write a promise down with the check of its being kept. Of one thing, the last counts."""
        self.checks[what] = check

    def owes(self, account_id: UUID, *mails: Mails) -> None:
        """Write down what an account is to be mailed."""
        self.owed.setdefault(account_id, []).extend(mails)

    async def balance(self) -> None:
        """Raise AssertionError for what is lost, left over, or there twice."""
        books = self.books
        await books.settled()
        await self._nothing_is_dead()
        for what, check in self.checks.items():
            try:
                await check(books)
            except AssertionError as broken:
                raise AssertionError(f"promised: {what}; {broken}") from broken
        for account_id, owed in self.owed.items():
            await self._mailed(account_id, owed)
        await self._no_mail_twice()
        await self._projections_agree()

    async def _nothing_is_dead(self) -> None:
        for service in ("identity", "recovery", "merge", "notify"):
            dead = await self.books.rows(
                f"SELECT consumer, event_type, reason, detail FROM {service}.dead_letters"  # noqa: S608
            )
            assert not dead, f"dead letters of {service}: {[dict(row) for row in dead]}"

    async def _mailed(self, account_id: UUID, owed: list[Mails]) -> None:
        """Each template as often as promised; superseded links count, for they were told of."""
        rows = await self.books.rows(
            "SELECT template, state FROM notify.deliveries WHERE account_id = $1", account_id
        )
        told = Counter(row["template"] for row in rows)
        for template in {mails.template for mails in owed} | set(told):
            least = sum(mails.least for mails in owed if mails.template == template)
            most = sum(mails.most for mails in owed if mails.template == template)
            states = [row["state"] for row in rows if row["template"] == template]
            assert least <= told[template] <= most, (
                f"{told[template]} deliveries {template} {states}, promised {least} to {most}"
            )
            refused = any(mails.refused for mails in owed if mails.template == template)
            sent = [state for state in states if state in NOT_LOST]
            enough = min(least, 1) if template in SUPERSEDED else least
            assert len(sent) >= enough or refused, f"{least} mails {template} are owed: {states}"

    async def _no_mail_twice(self) -> None:
        """A mail comes as often as its attempts went past the final dot unanswered, and once.

        One that never came is one that the ledger of notify does not call sent.
        """
        copies = await self.books.copies()
        rows = await self.books.rows(
            """
            SELECT d.id, d.template, d.state, d.attempts,
                (SELECT count(*) FROM notify.attempts AS a
                 WHERE a.delivery_id = d.id AND a.outcome = 'unanswered') AS unanswered
            FROM notify.deliveries AS d
            """
        )
        for row in rows:
            came = copies.pop(f"<{row['id']}@portico.example>", 0)
            told = f"{came} copies of {row['template']}: {dict(row)}"
            assert came <= row["unanswered"] + (row["state"] == "sent"), told
            assert came >= (row["state"] == "sent"), told
        assert not copies, f"mails that no delivery stands for: {copies}"

    async def _projections_agree(self) -> None:
        """Every snapshot has arrived, and none older has taken its place."""
        wanted = {r["id"]: r["version"] for r in await self.books.rows(VERSIONS)}
        for service, key in (("recovery", "account_id"), ("merge", "account_id"), ("notify", "id")):
            rows = await self.books.rows(f"SELECT {key} AS id, version FROM {service}.accounts")  # noqa: S608
            found = {row["id"]: row["version"] for row in rows}
            assert found == wanted, f"{service} has other accounts than identity"
        told, heard = [
            {row["id"]: row["version"] for row in await self.books.rows(versions)}
            for versions in (ADDRESSES_TOLD, ADDRESSES_HEARD)
        ]
        assert heard == told, "recovery has other addresses than notify"


ADDRESSES_TOLD = "SELECT id, version FROM notify.address_versions"
ADDRESSES_HEARD = "SELECT account_id AS id, version FROM recovery.notification_addresses"
VERSIONS = "SELECT id, version FROM identity.accounts"
