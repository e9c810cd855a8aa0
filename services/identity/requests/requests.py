"""A person asks a practice to be enrolled; what she is told says nothing of anybody (EN-4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.identity.actions import Action
from services.identity.credentials.locales import check_locale
from services.identity.emails.addresses import check_address
from services.identity.patients.patients import require_born, require_comparable
from services.identity.practices.model import Practice
from services.identity.practices.store import practices
from services.identity.requests.errors import RequestsNotTaken
from services.identity.requests.model import Contact, Person, RequestId
from services.identity.requests.store import contacts
from services.identity.requests.store import requests as store
from services.identity.requests.typed_addresses import TypedAddresses
from shared.acts import Act, Acts, By
from shared.contracts.identity import ENROLMENT_REQUEST_SUBMITTED, EnrolmentRequestSubmitted
from shared.contracts.ids import PracticeId
from shared.randomness import Randomness


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    acts: Acts
    randomness: Randomness
    addresses: TypedAddresses

    async def open_practices(self) -> Sequence[Practice]:
        """The practices that take requests, by name."""
        async with self.acts.database.connection() as connection:
            return await practices.that_take_requests(connection)

    async def submit(
        self, practice_id: PracticeId, person: Person, contact: Contact, *, by: By
    ) -> None:
        """Let the practice decide. While one of this person's is pending, this is the same one.

        Nobody is looked up but among the requests themselves: who has a record or an account leaves
        the same behind as a stranger.
        """
        require_comparable(person.last_name)
        check_locale(contact.locale)
        if contact.email is not None:
            contact = Contact(
                home_phone=contact.home_phone,
                address=contact.address,
                email=check_address(contact.email, field="email"),
                locale=contact.locale,
            )
        async with self.acts.begin(by, Action.REQUEST_ENROLMENT, practice=practice_id) as act:
            practice = await practices.hold(act.tx, practice_id)
            if practice is None or not practice.settings.takes_requests:
                raise RequestsNotTaken
            require_born(person.birth_date, practice.today(act.now))
            request_id = await self._pending(act, practice_id, person)
            act.about(request=request_id)
            if await contacts.keep(act.tx, request_id, contact, now=act.now):
                await self._tell(act, request_id, practice, contact)

    async def _pending(self, act: Act, practice_id: PracticeId, person: Person) -> RequestId:
        found = await store.hold_pending(act.tx, practice_id, person, now=act.now)
        if found is not None:
            return found.id
        request_id = RequestId(self.randomness.uuid())
        await store.add(act.tx, request_id, practice_id, person, now=act.now)
        return request_id

    async def _tell(
        self, act: Act, request_id: RequestId, practice: Practice, contact: Contact
    ) -> None:
        """Mail the typed address, which may be anybody's: so often, and then no more of it."""
        if contact.email is None:
            return
        if not await self.addresses.mailable(act, {contact.email: contact.locale}):
            return
        act.publish(
            ENROLMENT_REQUEST_SUBMITTED,
            EnrolmentRequestSubmitted(
                request_id=request_id,
                recipients=(contact.email,),
                locale=contact.locale,
                time_zone=practice.time_zone,
                occurred_at=act.now,
                practice_name=practice.name,
                practice_contact=practice.contact,
            ),
            subject=request_id,
        )
