"""Unsubscribing: no e-mails of a practice's topic any more, by the link in one of them (NT-7)."""

from dataclasses import dataclass

from services.notify.actions import Action
from services.notify.preferences import model as preference
from services.notify.preferences.store import preferences
from services.notify.sending.unsubscribe_links import UnsubscribeLinks
from services.notify.unsubscriptions.errors import UnsubscribeLinkInvalid
from services.notify.unsubscriptions.model import Subscription
from services.notify.unsubscriptions.store import subscriptions as store
from shared.acts import Acts, By
from shared.contracts.notify import Topic
from shared.db import Connection
from shared.http.routes import Reply


class SubscriptionShown(Reply, frozen=True, kw_only=True):
    """A practice's e-mails of one topic, and whether they are sent."""

    # No person is in it: who has a mail that was forwarded has its link.
    practice_name: str
    topic: Topic
    subscribed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscriptions:
    """The link alone is enough, and good for nothing else: a mail provider has no session."""

    acts: Acts
    links: UnsubscribeLinks
    texts: bool  # whether text messages can be sent

    async def look(self, token: str) -> SubscriptionShown:
        """Say what the link would stop; nothing is changed. Raises UnsubscribeLinkInvalid."""
        async with self.acts.database.connection() as connection:
            found = await self._find(connection, token)
            chosen = await preferences.of_record(connection, found.practice_id, found.patient_id)
        return shown(found, chosen)

    async def unsubscribe(self, token: str, *, by: By) -> SubscriptionShown:
        """Take e-mail out of the ways of the link's topic; the same again changes nothing, and
        leaves no row: who has the link could fill the audit. Raises UnsubscribeLinkInvalid.
        """
        async with self.acts.begin(by, Action.UNSUBSCRIBE) as act:
            found = await self._find(act.tx, token, held=True)
            act.about(
                account=found.account_id, patient=found.patient_id, practice=found.practice_id
            )
            act.detail = found.topic
            chosen = await preferences.of_record(act.tx, found.practice_id, found.patient_id)
            numbers = await preferences.first_numbers(act.tx, [found.account_id])
            number, _ = numbers.get(found.account_id, (None, ""))
            left = preference.unsubscribed(chosen, found.topic, offers=found.offers, number=number)
            if left == chosen:
                act.repeated()
            else:
                await preferences.replace(act.tx, found.practice_id, found.patient_id, left)
        return shown(found, left)

    async def _find(
        self, connection: Connection, token: str, *, held: bool = False
    ) -> Subscription:
        delivery_id = self.links.find(token)
        if delivery_id is None:
            raise UnsubscribeLinkInvalid.in_field("token", "stops nothing")
        find = store.hold if held else store.find
        found = await find(connection, delivery_id, texts=self.texts)
        if found is None:
            raise UnsubscribeLinkInvalid.in_field("token", "stops nothing")
        return found


def shown(of: Subscription, chosen: preference.Preference) -> SubscriptionShown:
    return SubscriptionShown(
        practice_name=of.practice_name,
        topic=of.topic,
        subscribed=preference.is_mailed(chosen, of.topic, offers=of.offers),
    )
