"""People who act while services die, and note down what they were promised."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from deploy.client.answers import Answer
from deploy.client.eventually import eventually
from deploy.client.gateway import Gateway
from deploy.local.addresses import StackAddresses
from deploy.tour.acts import AT_THE_DESK
from deploy.tour.authenticator import Authenticator
from shared.clock import MachineClock
from tests.builders.questions import answered, chosen, codes
from tests.builders.two_step import WRONG_CODE, code_of
from tests.fault.books import Books
from tests.fault.client import PATIENCE, Client, Practice
from tests.fault.ledger import Ledger, Mails

LINK = re.compile(r"#([\w-]{40,})")
NOBODY = UUID(int=0)
WRONG = "Wrong-Guess-1234"


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody nobody else is: her names, and what she was promised."""

    client: Client
    practice: Practice
    neighbour: Practice
    ledger: Ledger
    mark: str
    nickname: str = "juniper"  # in her username
    mailbox: str = "juniper"  # in her address
    last_name: str = "Hale"
    birth_date: str = "1988-04-17"
    password: str = "Walnut-Harbour-4711"
    account_id: UUID = NOBODY
    patient_id: UUID = NOBODY
    duplicate_id: UUID = NOBODY  # of a second record at the same practice
    token: str = ""  # of enrolment
    access: str = ""
    device: str = ""  # what her browser is known by
    app: str = ""  # the secret that her authenticator app has
    codes: list[str] = field(default_factory=list)  # of recovery
    phone: Authenticator = field(default_factory=Authenticator)  # where her passkey is

    survivor_id: UUID | None = None  # once this account is merged into another
    other: "Person | None" = None  # herself, by her second account
    proofs: dict[str, str] = field(default_factory=dict)  # that both are hers
    merge_id: UUID = NOBODY  # that practices decide about
    picked: str = ""  # the grant that her address was picked for (RC-6)

    @classmethod
    def new(cls, addresses: StackAddresses, gateway: Gateway, ledger: Ledger) -> "Person":
        """Somebody who has never been here, with a client and a source of her own."""
        client = Client(gateway=gateway)
        return cls(
            client=client,
            practice=Practice(client=client, credentials=addresses.practice),
            neighbour=Practice(client=client, credentials=addresses.neighbour),
            ledger=ledger,
            mark=client.randomness.crockford(10).lower(),
            phone=Authenticator(origin=addresses.portal),
        )

    @property
    def username(self) -> str:
        return f"{self.nickname}.{self.mark}"

    @property
    def address(self) -> str:
        return f"{self.mailbox}.{self.mark}@mail.example"

    async def call(self, verb: str, *expected: int, **arguments: Any) -> Answer:
        """Ask as herself, from her own source, until answered."""
        mark = int.from_bytes(self.mark.encode()[-4:], "big")
        source = f"198.18.{mark >> 8 & 255}.{mark & 255}"  # RFC 2544: never a real host
        return await self.client.insist(verb, *expected, source=source, **arguments)

    # ---- enrolment

    async def is_registered(self) -> None:
        """A practice makes her record and hands her a token."""
        self.patient_id = await self.registered_at(self.practice)
        self.token = await self.practice.issue(self.patient_id)

    async def registered_at(self, practice: Practice) -> UUID:
        """Have a patient record made there."""
        return await practice.register(
            self.mark, last_name=self.last_name, birth_date=self.birth_date
        )

    async def can_be_invited(self) -> None:
        """A practice makes her record, with an address to write to."""
        self.patient_id = await self.practice.register(
            self.mark, last_name=self.last_name, birth_date=self.birth_date, email=self.address
        )

    async def is_invited(self) -> None:
        """EN-3, with one key: one mail however often it is asked, and no account to file it by."""
        await self.client.insist(
            "invite_patient",
            201,
            token=await self.practice.token(),
            path={"patient_id": self.patient_id},
            body=AT_THE_DESK,
            idempotency_key=self.client.key(),
        )

        async def is_mailed_once(books: Books) -> None:
            rows = await books.rows(
                "SELECT state FROM notify.deliveries WHERE patient_id = $1", self.patient_id
            )
            states = [row["state"] for row in rows]
            assert states in (["sent"], ["unknown"]), states

        self.ledger.promised(f"{self.address} is invited", is_mailed_once)

    async def enrols(self) -> None:
        """EN-1, with one key: the same account however often it is asked."""
        form = {
            "terms_version": "2026-01",
            "token": self.token,
            "last_name": self.last_name,
            "birth_date": self.birth_date,
            "email": self.address,
            "username": self.username,
            "password": self.password,
        }
        answer = await self.call("enrol", 201, body=form, idempotency_key=self.client.key())
        self.account_id = UUID(answer.body["account_id"])
        self.ledger.owes(self.account_id, Mails(template="account-enrolled"))

        async def is_there_once(books: Books) -> None:
            rows = await books.rows(
                "SELECT id FROM identity.accounts WHERE username = $1", self.username
            )
            assert [row["id"] for row in rows] == [self.account_id]
            done = await books.value(
                "SELECT count(*) FROM identity.audit_entries"
                " WHERE action = 'enrol' AND outcome = 'done' AND subject = $1",
                f"account:{self.account_id}",
            )
            assert done == 1, f"enrolled {done} times"
            holder = await books.value(
                "SELECT account_id FROM identity.enrolments WHERE patient_id = $1", self.patient_id
            )
            assert holder == (self.survivor_id or self.account_id)

        self.ledger.promised(f"{self.username} has an account", is_there_once)

    async def mailed_secret(self, words: str) -> str:
        """Wait for a mail with these words in its subject; return its link's secret."""
        mail = await self.ledger.books.mailbox.wait_for(
            self.address, subject=words, within=PATIENCE
        )
        found = LINK.search(mail.text)
        assert found, f"there is no link in {mail.subject!r}"
        return found[1]

    # ---- with a session

    async def logs_on(self) -> None:
        """LG-1."""
        body = {"name": self.username, "password": self.password}
        if self.device:
            body["device"] = self.device
        before = self.client.unknown
        session = (await self.call("log_on", 201, body=body)).body
        self.access, self.device = session["access_token"], session.get("device", self.device)
        again = self.client.unknown - before  # SE-2: what it is known by may have got lost
        self.ledger.owes(self.account_id, Mails(template="unusual-log-on", least=0, most=again))

    async def claims(self) -> None:
        """ID-6: has the link sent again. No key: what was asked twice may be mailed twice."""
        before = self.client.unknown
        await self.call("claim_email", 202, token=self.access, body={"address": self.address})
        twice = self.client.unknown - before
        self.ledger.owes(self.account_id, Mails(template="email-verification", most=1 + twice))

    async def verifies(self, words: str = "Welcome") -> None:
        """ID-6: by the mailed link; one that is used up already has done its work."""
        secret = await self.mailed_secret(words)
        answer = await self.call(
            "verify_email", 200, 422, token=self.access, body={"token": secret}
        )
        assert answer.status == 200 or answer.code == "link_invalid", answer.body
        read = await self.call("read_account", 200, token=self.access)
        assert read.body["email"]["state"] == "verified", read.body
        self.ledger.owes(self.account_id, Mails(template="account-email-verified"))

        async def is_verified_once(books: Books) -> None:
            if self.survivor_id:
                return  # with its account, the address went to the survivor's past
            rows = await books.rows(
                "SELECT state FROM identity.account_emails WHERE account_id = $1", self.account_id
            )
            assert [row["state"] for row in rows] == ["verified"]
            for service, key in (("recovery", "account_id"), ("notify", "id")):
                email = await books.value(
                    f"SELECT email FROM {service}.accounts WHERE {key} = $1",  # noqa: S608
                    self.account_id,
                )
                assert email == self.address, f"{service} knows {email}"

        self.ledger.promised(f"{self.address} is verified", is_verified_once)

    async def is_ready(self) -> None:
        """An account with a verified address, and nothing under way."""
        await self.comes()
        await self.ledger.books.settled()

    async def comes(self) -> None:
        """From the practice's desk to an account with a verified address."""
        await self.is_registered()
        await self.enrols()
        await self.logs_on()
        await self.verifies()

    # ---- lock and reset

    async def guesses_wrong(self, password: str = WRONG) -> None:
        await self.call("log_on", 401, body={"name": self.username, "password": password})

    async def is_locked_out(self) -> None:
        """LG-2: four guesses that were answered; a guess whose answer was lost counts as well."""
        for _ in range(4):
            await self.guesses_wrong()
        self.ledger.owes(self.account_id, Mails(template="account-locked"))

    async def is_unlocked(self) -> None:
        """LG-2: told once; asked again, there is nothing to unlock."""
        await self._at_the_desk("unlock_account", 204)
        self.ledger.owes(self.account_id, Mails(template="account-unlocked"))

    async def is_read_out(self) -> None:
        """RC-2b: told each time it is asked; what was asked twice may have been read twice."""
        before = self.client.unknown
        answer = await self._at_the_desk("read_username", 200)
        assert answer.body["username"] == self.username
        twice = self.client.unknown - before
        self.ledger.owes(self.account_id, Mails(template="username-read", most=1 + twice))

    async def is_guessed_at(self) -> None:
        """LG-2: as if for hours; the hundredth wrong password in a row is yet to come."""
        await self.guesses_wrong()
        await self.ledger.books.rows(
            "UPDATE identity.lockouts SET wrong_in_a_row = 99 WHERE account_id = $1",
            self.account_id,
        )

    async def is_shut_out(self) -> None:
        """LG-2: her password opens nothing any more, however often the guess is repeated."""
        await self.guesses_wrong()
        self.ledger.owes(self.account_id, Mails(template="password-disabled"))

    async def asks_for_a_link(self) -> None:
        """RC-3: asked twice within a minute, one is mailed."""
        await self.call("request_reset_link", 202, body={"name": self.username})
        self.ledger.owes(self.account_id, Mails(template="reset-link"))

    async def resets(self) -> None:
        """RC-3: her new password is set once, or was set though nobody was told."""
        secret = await self.mailed_secret("Set a new")
        redeemed = await self.call("redeem_reset_link", 200, body={"token": secret})
        old, self.password = self.password, f"Copper!Lantern-{self.client.randomness.digits(4)}"
        body = {"grant": redeemed.body["grant"], "new_password": self.password}
        answer = await self.call("reset_password", 200, 400, body=body)
        assert answer.status == 200 or answer.code == "grant_used", answer.body
        self.ledger.owes(self.account_id, Mails(template="password-reset"))
        ended = self.access
        await self.logs_on()
        await self.guesses_wrong(old)

        async def is_set_once(books: Books) -> None:
            version = await books.value(
                "SELECT security_version FROM identity.accounts WHERE id = $1", self.account_id
            )
            assert version == 2, f"set {version - 1} times"
            used = await books.rows(
                "SELECT state FROM recovery.one_time_secrets WHERE owner = $1", self.account_id
            )
            assert [row["state"] for row in used] == ["used"]
            if ended:
                refused = await self.call("list_deliveries", 401, token=ended)
                assert refused.code in ("unauthenticated", "token_stale")

        self.ledger.promised(f"{self.username} has a new password", is_set_once)

    async def is_given_a_token(self) -> None:
        """RC-5, with one key: told once; where the answer was lost it was shown, and is shown to
        nobody again: then her practice gives another one.
        """
        given, token = 0, ""
        while not token:
            answer = await self.client.insist(
                "issue_reset_token",
                201,
                409,
                token=await self.practice.token(),
                path={"patient_id": self.patient_id},
                body={"handed_over": "in-person", **AT_THE_DESK},
                idempotency_key=self.client.key(),
            )
            assert answer.status == 201 or answer.code == "already_issued", answer.body
            given, token = given + 1, answer.body.get("token", "")
        self.ledger.owes(
            self.account_id, Mails(template="reset-token-issued", least=given, most=given)
        )

    async def asks_for_her_username(self) -> None:
        """RC-1. What was asked twice may be mailed twice."""
        before = self.client.unknown
        await self.call("remind_username", 202, body={"email": self.address})
        twice = self.client.unknown - before
        self.ledger.owes(self.account_id, Mails(template="username-reminder", most=1 + twice))

    async def takes_another_username(self) -> None:
        """ID-2: told once; asked again, it is hers already."""
        body = {"password": self.password, "verb": "username"}
        proof = await self.call("reauthenticate", 200, token=self.access, body=body)
        self.nickname = "june"
        body = {"username": self.username, "reauthenticated": proof.body["grant"]}
        await self.call("change_username", 200, token=self.access, body=body)
        self.ledger.owes(self.account_id, Mails(template="username-changed"))

    async def changes_her_password(self) -> None:
        """ID-7: once. Where the answer was lost her session is over, and the new one logs on."""
        body = {"password": self.password, "verb": "password"}
        proof = await self.call("reauthenticate", 200, token=self.access, body=body)
        old, self.password = self.password, f"Copper!Lantern-{self.client.randomness.digits(4)}"
        body = {"new_password": self.password, "reauthenticated": proof.body["grant"]}
        answer = await self.call("change_password", 200, 400, 401, token=self.access, body=body)
        assert answer.status != 400 or answer.code == "grant_superseded", answer.body
        self.ledger.owes(self.account_id, Mails(template="password-changed"))
        await self.logs_on()
        await self.guesses_wrong(old)

    async def freezes_her_account(self) -> None:
        """RC-9: once, and her session is over; a link that is used up already has done its work."""
        secret = await self.mailed_secret("password was changed")
        body = {"token": secret, "birth_date": self.birth_date}
        answer = await self.call("freeze_account", 204, 422, body=body)
        assert answer.status == 204 or answer.code == "link_invalid", answer.body
        self.ledger.owes(self.account_id, Mails(template="account-frozen"))
        ended = self.access

        async def is_shut(books: Books) -> None:
            state = await books.value(
                "SELECT state FROM recovery.accounts WHERE account_id = $1", self.account_id
            )
            assert state != "active" or await books.value(
                "SELECT reset_by_practice FROM recovery.accounts WHERE account_id = $1",
                self.account_id,
            )
            refused = await self.call("list_deliveries", 401, token=ended)
            assert refused.code in ("unauthenticated", "token_stale")

        self.ledger.promised(f"{self.username} is frozen", is_shut)

    async def is_thawed(self) -> None:
        """RC-9: once; asked again, it is not frozen."""
        await self._is_at_the_desk("thaw_account", "account_not_frozen")
        self.ledger.owes(self.account_id, Mails(template="account-thawed"))

    async def sets_questions(self) -> None:
        """RC-8: with a grant, which is spent once; identity hears of it by the event alone."""
        body = {"password": self.password, "verb": "questions"}
        proof = await self.call("reauthenticate", 200, token=self.access, body=body)
        said = {"questions": chosen(), "reauthenticated": proof.body["grant"]}
        answer = await self.call("set_security_questions", 200, 400, token=self.access, body=said)
        assert answer.status == 200 or answer.code == "grant_used", answer.body
        self.ledger.owes(self.account_id, Mails(template="security-questions-changed"))

        async def are_heard_of(books: Books) -> None:
            heard = await books.value(
                "SELECT questions_set FROM identity.accounts WHERE id = $1", self.account_id
            )
            assert heard, "identity has not heard of them"

        self.ledger.promised(f"{self.username} has five questions", are_heard_of)

    async def answers_wrong_twice(self) -> None:
        """RC-4: the third locks."""
        for _ in range(2):
            await self._answers_wrong()

    async def answers_wrong_again(self) -> None:
        """RC-4: told once; under the lock nothing is counted."""
        await self._answers_wrong()
        self.ledger.owes(self.account_id, Mails(template="locked"))

    async def _answers_wrong(self) -> None:
        asked = await self.call("ask_security_questions", 200, body={"name": self.username})
        body = {"name": self.username, "answers": answered(codes(asked.body), {})}
        await self.call("answer_security_questions", 422, body=body)

    async def sets_up_an_app(self) -> None:
        """MF-1: asked again, it is another secret, and the one before is none."""
        body: dict[str, str] = {}
        if self.codes:
            body["reauthenticated"] = await self._proof("two-step")
        answer = await self.call("set_up_app", 201, token=self.access, body=body)
        self.app = answer.body["secret"]

    async def turns_two_step_on(self) -> None:
        """MF-1: told once; asked again, nothing is being set up."""
        await self._confirms_the_app("two-step-turned-on")

    async def replaces_the_app(self) -> None:
        """MF-1: likewise."""
        await self._confirms_the_app("authenticator-app-replaced")

    async def _confirms_the_app(self, template: str) -> None:
        clock = MachineClock(clock_file=self.ledger.books.clock_file)
        body = {"code": code_of(self.app, clock.now())}
        answer = await self.call("confirm_app", 200, 409, token=self.access, body=body)
        assert answer.status == 200 or answer.code == "set_up_over", answer.body
        self.codes += answer.body.get("recovery_codes", ())
        self.ledger.owes(self.account_id, Mails(template=template))

    async def makes_new_codes(self) -> None:
        """MF-4: with a grant, which is spent once."""
        body = {"reauthenticated": await self._proof("recovery-codes")}
        answer = await self.call("make_recovery_codes", 200, 400, token=self.access, body=body)
        assert answer.status == 200 or answer.code == "grant_used", answer.body
        self.ledger.owes(self.account_id, Mails(template="recovery-codes-made"))

    async def turns_two_step_off(self) -> None:
        """MF-4: once; asked again, the grant is of before the change."""
        body = {"reauthenticated": await self._proof("two-step-off")}
        answer = await self.call("turn_off_two_step", 204, 400, token=self.access, body=body)
        assert answer.status == 204 or answer.code == "grant_superseded", answer.body
        self.ledger.owes(self.account_id, Mails(template="two-step-turned-off"))

    async def changes_the_mode(self) -> None:
        """MF-2: with a grant, which is spent once."""
        body = {"mode": "new-devices", "reauthenticated": await self._proof("two-step")}
        answer = await self.call("change_two_step_mode", 204, 400, token=self.access, body=body)
        assert answer.status == 204 or answer.code == "grant_used", answer.body
        self.ledger.owes(self.account_id, Mails(template="two-step-mode-changed"))

    async def trusts_her_device(self) -> None:
        """MF-2: told once; where the answer was lost the session that waited is over."""
        await self.logs_on()
        body = {"code": self.codes.pop(), "trust": True, "device": self.device}
        await self.call("take_second_step", 201, 401, token=self.access, body=body)
        self.ledger.owes(self.account_id, Mails(template="device-trusted"))

    async def removes_her_device(self) -> None:
        """MF-2: told once; asked again, there is none."""
        listed = await self.call("list_devices", 200, token=self.access)
        [path] = [{"device_id": each["device_id"]} for each in listed.body["devices"]]
        await self.call("revoke_device", 204, 404, token=self.access, path=path)
        self.ledger.owes(self.account_id, Mails(template="device-removed"))

    async def makes_a_passkey(self) -> None:
        """MF-5: told once; answered again, its ceremony is spent."""
        body = {"name": "Phone", "reauthenticated": await self._proof("passkeys")}
        asked = await self.call("ask_for_new_passkey", 200, token=self.access, body=body)
        options = asked.body["options"]
        self.phone.rp_id = options["rp"]["id"]
        credential = self.phone.make(options, counter=1)
        made = {"ceremony": asked.body["ceremony"], "credential": credential}
        answer = await self.call("make_passkey", 201, 409, token=self.access, body=made)
        assert answer.status == 201 or answer.code == "ceremony_over", answer.body
        self.ledger.owes(self.account_id, Mails(template="passkey-made"))

    async def removes_her_passkey(self) -> None:
        """MF-9: once; asked again, it is gone, or the grant is of before the change."""
        listed = await self.call("list_passkeys", 200, token=self.access)
        [path] = [{"passkey_id": each["passkey_id"]} for each in listed.body["passkeys"]]
        body = {"reauthenticated": await self._proof("passkeys")}
        answer = await self.call(
            "remove_passkey", 204, 400, 404, token=self.access, path=path, body=body
        )
        assert answer.code in (None, "grant_superseded", "not_found"), answer.body
        self.ledger.owes(self.account_id, Mails(template="passkey-removed"))

    async def answers_by_a_copy(self) -> None:
        """MF-6: told once a day; where the answer was lost its ceremony is spent."""
        asked = await self.call("ask_for_passkey", 200)
        credential = self.phone.answer(asked.body["options"], counter=1)
        body = {"ceremony": asked.body["ceremony"], "credential": credential}
        answer = await self.call("log_on_by_passkey", 403, 409, body=body)
        assert answer.code in ("passkey_invalid", "ceremony_over"), answer.body
        self.ledger.owes(self.account_id, Mails(template="passkey-copied"))

    async def logs_on_elsewhere(self) -> None:
        """SE-2: on a device that has no secret yet; what was asked twice may be told twice."""
        before = self.client.unknown
        body = {"name": self.username, "password": self.password}
        await self.call("log_on", 201, body=body)
        twice = self.client.unknown - before
        self.ledger.owes(self.account_id, Mails(template="unusual-log-on", most=1 + twice))

    async def uses_six_codes(self) -> None:
        """MF-4: four are left."""
        for _ in range(6):
            await self._proof("username")

    async def uses_a_seventh(self) -> None:
        """MF-4: told once; a code whose answer was lost is used up."""
        body = {"password": self.password, "verb": "username", "code": self.codes.pop()}
        answer = await self.call("reauthenticate", 200, 403, token=self.access, body=body)
        assert answer.status == 200 or answer.code == "second_step_failed", answer.body
        self.ledger.owes(self.account_id, Mails(template="recovery-codes-low"))

    async def gives_nine_wrong_codes(self) -> None:
        """MF-3: the tenth locks."""
        for _ in range(9):
            await self._gives_a_wrong_code()

    async def gives_a_tenth(self) -> None:
        """MF-3: told once; under the lock nothing is counted."""
        await self._gives_a_wrong_code()
        self.ledger.owes(self.account_id, Mails(template="second-step-locked"))

    async def is_reset_to_one_step(self) -> None:
        """MF-4: once; asked again, two-step is off."""
        await self._is_at_the_desk("reset_two_step", "two_step_off")
        self.ledger.owes(self.account_id, Mails(template="two-step-reset"))

    async def _gives_a_wrong_code(self) -> None:
        body = {"password": self.password, "verb": "username", "code": WRONG_CODE}
        await self.call("reauthenticate", 403, token=self.access, body=body)

    async def _proof(self, verb: str) -> str:
        """A grant by password, and a recovery code where she has two-step on."""
        body = {"password": self.password, "verb": verb}
        if self.codes:
            body["code"] = self.codes.pop()
        proof = await self.call("reauthenticate", 200, token=self.access, body=body)
        return str(proof.body["grant"])

    async def has_another_address_mailed(self) -> None:
        """ID-6: with a grant, which is spent once, so the link is mailed once."""
        body = {"password": self.password, "verb": "email"}
        proof = await self.call("reauthenticate", 200, token=self.access, body=body)
        self.mailbox = "june"
        body = {"address": self.address, "reauthenticated": proof.body["grant"]}
        await self.call("claim_email", 202, token=self.access, body=body)
        self.ledger.owes(self.account_id, Mails(template="email-verification"))
        await self.mailed_secret("Confirm your address")

    async def changes_her_address(self) -> None:
        """ID-6: both are told; a link that is used up already has done its work."""
        secret = await self.mailed_secret("Confirm your address")
        answer = await self.call(
            "verify_email", 200, 422, token=self.access, body={"token": secret}
        )
        assert answer.status == 200 or answer.code == "link_invalid", answer.body
        read = await self.call("read_account", 200, token=self.access)
        assert read.body["email"] == {"address": self.address, "state": "verified"}
        self.ledger.owes(self.account_id, Mails(template="account-email-changed", least=2, most=2))

    @property
    def second_address(self) -> str:
        return f"post.{self.mark}@mail.example"

    async def has_a_second_address_mailed(self) -> None:
        """NT-2: with a grant, which is spent once, so the link is mailed once."""
        body = {"password": self.password, "verb": "notification-address"}
        proof = await self.call("reauthenticate", 200, token=self.access, body=body)
        body = {"address": self.second_address, "reauthenticated": proof.body["grant"]}
        await self.call("add_notification_address", 202, token=self.access, body=body)
        self.ledger.owes(self.account_id, Mails(template="notification-address-verification"))
        await self.second_link()

    async def second_link(self) -> str:
        mail = await self.ledger.books.mailbox.wait_for(
            self.second_address, subject="Confirm your address", within=PATIENCE
        )
        found = LINK.search(mail.text)
        assert found, "there is no link in it"
        return found[1]

    async def verifies_it(self) -> None:
        """NT-2: a link that is used up already has done its work."""
        body = {"token": await self.second_link()}
        verb = "verify_notification_address"
        answer = await self.call(verb, 200, 422, token=self.access, body=body)
        assert answer.status == 200 or answer.code == "link_invalid", answer.body

        async def is_known(books: Books) -> None:
            known = await books.value(
                "SELECT addresses FROM recovery.notification_addresses WHERE account_id = $1",
                self.account_id,
            )
            assert known == [self.second_address], f"recovery knows {known}"

        self.ledger.promised(f"{self.second_address} is known", is_known)

    async def asks_by_her_second_address(self) -> None:
        """RC-2. What was asked twice may be mailed twice, and told as often."""
        before = self.client.unknown
        said = {"last_name": self.last_name, "birth_date": self.birth_date}
        await self.call("remind_username", 202, body={"email": self.second_address, **said})
        twice = self.client.unknown - before
        for template in ("username-reminder", "username-mailed-elsewhere"):
            self.ledger.owes(self.account_id, Mails(template=template, most=1 + twice))

    # ---- her practice

    async def can_be_written_to(self) -> None:
        """Wait until notify has heard of her address: without one, nothing is mailed (NT-8)."""

        async def is_known() -> None:
            rows = await self.ledger.books.rows(
                "SELECT email FROM notify.accounts WHERE id = $1", self.account_id
            )
            assert [row["email"] for row in rows] == [self.address]

        await eventually(is_known, within=PATIENCE, pause=0.1)

    async def is_written_to(self, *, refused: bool = False) -> None:
        """NT-9: under one reference it is one communication, however often it is sent. `refused`:
        by the mail server, so that the ledger can promise no more than to say so."""
        reference = f"letter-{self.mark}-{self.client.randomness.digits(6)}"
        body = {"patient_id": str(self.patient_id), "topic": "message", "reference": reference}
        await self.client.insist(
            "submit_communication", 202, token=await self.practice.token(), body=body
        )
        owed = Mails(template="practice-communication", refused=refused)
        self.ledger.owes(self.account_id, owed)
        if refused:  # she is told of it in the portal (NT-5)
            told = Mails(template="address-suppressed", refused=True)
            self.ledger.owes(self.account_id, told)

        async def is_filed_once(books: Books) -> None:
            rows = await books.rows(
                "SELECT state FROM notify.deliveries WHERE reference = $1", reference
            )
            states = [row["state"] for row in rows]
            assert states in ([["failed"]] if refused else [["sent"], ["unknown"]]), states

        self.ledger.promised(f"{reference} reaches {self.username}", is_filed_once)

    async def is_enrolled_next_door(self) -> None:
        """A second practice hands her a token, too."""
        self.token = await self.neighbour.issue(await self.registered_at(self.neighbour))

    async def adds_a_practice(self) -> None:
        """EN-5, with one key: once, however often it is asked."""
        body = {"token": self.token, "name": self.username, "password": self.password}
        await self.call(
            "add_practice_to_account", 201, body=body, idempotency_key=self.client.key()
        )
        self.ledger.owes(self.account_id, Mails(template="enrolment-added"))
        self.has("enrolled", "enrolled")

    async def has_a_second_record(self) -> None:
        """MG-5: her practice has her twice, and her account has both."""
        self.duplicate_id = await self.practice.register(
            f"{self.mark}-again", last_name=self.last_name, birth_date=self.birth_date
        )
        self.token = await self.practice.issue(self.duplicate_id)
        await self.adds_a_practice()

    async def has_her_chart_settled(self) -> None:
        """ST-1: once; asked again, it was settled before. She is mailed nothing."""
        before, records = self.client.unknown, [self.patient_id, self.duplicate_id]
        body = {**AT_THE_DESK, "kept": [str(records[0])], "given_up": [str(records[1])]}
        token = await self.practice.token()
        answer = await self.client.insist(
            "settle_duplicate_chart", 204, 409, token=token, body=body
        )
        if answer.status == 409:
            assert (answer.code, self.client.unknown > before) == ("charts_settled", True)
        self.has("enrolled", "un-enrolled")

        async def is_heard_once(books: Books) -> None:
            rows = await books.rows(
                "SELECT FROM merge.settled_charts WHERE patient_ids = $1::uuid[]", records
            )
            assert len(rows) == 1

        self.ledger.promised(f"{self.username} has one chart", is_heard_once)

    async def is_un_enrolled(self) -> None:
        """UN-1: once; asked again, there is nobody to un-enrol."""
        await self._is_at_the_desk("un_enrol_patient", "patient_not_enrolled")
        self.ledger.owes(self.account_id, Mails(template="enrolment-ended"))
        self.has("un-enrolled")

    async def is_taken_back(self) -> None:
        """UN-3: once; asked again, she is enrolled already."""
        await self._is_at_the_desk("reactivate_patient", "patient_enrolled")
        self.ledger.owes(self.account_id, Mails(template="enrolment-reactivated"))
        self.has("enrolled")

    async def _is_at_the_desk(self, verb: str, done_already: str) -> None:
        before = self.client.unknown
        answer = await self._at_the_desk(verb, 204, 409)
        if answer.status == 409:
            assert (answer.code, self.client.unknown > before) == (done_already, True)

    async def _at_the_desk(self, verb: str, *expected: int) -> Answer:
        token, path = await self.practice.token(), {"patient_id": self.patient_id}
        return await self.client.insist(verb, *expected, token=token, path=path, body=AT_THE_DESK)

    def has(self, *states: str) -> None:
        """Note down her enrolments; what was promised of them before is over."""

        async def are_as_told(books: Books) -> None:
            rows = await books.rows(
                "SELECT state FROM identity.enrolments WHERE account_id = $1", self.account_id
            )
            assert sorted(row["state"] for row in rows) == sorted(states)

        self.ledger.promised(f"enrolments of {self.username}", are_as_told)


async def live(person: Person) -> None:
    """A whole way, for load: enrolled, verified, written to, reset."""
    await person.comes()
    await person.asks_for_a_link()
    await person.can_be_written_to()
    await asyncio.gather(person.is_written_to(), person.resets())
