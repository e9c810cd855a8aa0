"""Resets by a grant of recovery's, "this was not me", and the thaw (RC-3, RC-5, RC-9)."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.builders.practices import BIRTH_DATE
from tests.race.one_account.holdings import NotMe, Proof
from tests.race.one_account.life import HOLDER, RESETS, Life, some, twins
from tests.race.one_account.names import new_password
from tests.race.one_account.sessions import Sessions
from tests.rigs.identity import Person

BY_LINK, BY_PRACTICE = "link", "practice-token"
TRIES = 3
NOT_ME = timedelta(hours=72)
RESERVED = timedelta(hours=72)
ANOTHER_DATE = "1984-05-04"


class Resets(Sessions, Life):
    """What sets a new password from outside, and what shuts the account."""

    shuts: bool  # whether this is a life in which somebody says that it was not she

    @rule(route=st.sampled_from([BY_LINK, BY_LINK, BY_PRACTICE]))
    def asks_for_a_reset(self, route: str) -> None:
        """The mailbox gets the link, and she the token; recovery makes a grant of either."""
        self.run(self._asks_for_a_reset(route))

    async def _asks_for_a_reset(self, route: str) -> None:
        actor = self.email.partition(".")[0] if route == BY_LINK else HOLDER
        [row] = await self.world.identity.rows(
            "SELECT security_version FROM accounts WHERE id = $1", self.account_id
        )
        person = Person(id=self.account_id, username=self.name, password="", email=self.email)
        grant = await self.world.recovery.grant(
            person, security_version=row["security_version"], route=route
        )
        self.proofs.append(
            Proof(
                text=grant,
                actor=actor,
                change="reset",
                at=self.now,
                credentials=self.credentials,
                route=route,
            )
        )

    @precondition(lambda self: any(proof.change == "reset" for proof in self.proofs))
    @rule(which=some, twins=twins)
    def resets(self, which: int, twins: int) -> None:
        proof = self.one([proof for proof in self.proofs if proof.change == "reset"], which)
        self.run(self._resets(proof, twins))
        self.run(self._goes_on(self.seats[-1]))

    async def _resets(self, proof: Proof, twins: int) -> None:
        may = (
            not proof.spent
            and self.now < proof.at + RESETS
            and proof.credentials == self.credentials
            and not (self.frozen or self.merged)
            and (proof.route == BY_PRACTICE or not self.by_practice)
        )
        numbers = [next(self.world.numbers) for _ in range(twins)]
        names = [f"{proof.actor}-{number}" for number in numbers]
        async with self.told() as told:
            answers = await self.at_once(
                twins,
                lambda place: (
                    "POST",
                    "/passwords/reset",
                    {
                        "grant": proof.text,
                        "new_password": new_password(numbers[place]),
                        "device_name": names[place],
                    },
                    None,
                ),
            )
        done = [place for place, one in enumerate(answers) if one.status == 200]
        assert len(done) == may, [(one.status, one.code) for one in answers]
        if may:
            await told.once("password.reset", "password-reset", [self.email])
            self.hears(told)
            proof.spent = True
            self.failures, self.locked_until = 0, None
            self.by_practice = False
            for passkey in self.passkeys:
                passkey.suspended |= not passkey.ended
            self.learns(proof.actor, new_password(numbers[done[0]]))
            self.all_end()
            body = answers[done[0]].body
            self.sit(proof.actor, body, by="password-reset", name=names[done[0]])

    @precondition(lambda self: self.shuts and self.not_me)
    @rule(which=some, right=st.sampled_from([True, True, False]), twins=twins)
    def says_that_it_was_not_she(self, which: int, right: bool, twins: int) -> None:
        self.run(self._says_that_it_was_not_she(self.one(self.not_me, which), twins, right=right))

    async def _says_that_it_was_not_she(self, link: NotMe, twins: int, *, right: bool) -> None:
        live = not (link.used or link.tries >= TRIES or self.merged)
        late = self.now >= link.at + NOT_ME
        may = live and right and not self.frozen and not late
        body = {"token": link.text, "birth_date": BIRTH_DATE if right else ANOTHER_DATE}
        async with self.told() as told:
            answers = await self.at_once(twins, lambda _: ("POST", "/freezes", body, None))
        assert sum(answer.status == 204 for answer in answers) == may
        link.tries += 0 if right else twins
        if live and right and late and not self.frozen:
            self.was_too_late("not me")
        if may:
            shut_out = self.email
            self.puts_back(link)
            recipients = dict.fromkeys([self.email, shut_out])
            await told.once("account.freeze", "account-frozen", list(recipients))
            self.shuts_all()

    def puts_back(self, link: NotMe) -> None:
        """The oldest address of those it had before the change: there is one."""
        had = [one for one in self.replaced if one[2] < link.at and self.now < one[0] + RESERVED]
        kept = min(had, key=lambda one: one[2], default=None)
        if kept is not None and kept[2] < self.email_since:
            _, self.email, self.email_since = kept
        self.replaced = [one for one in self.replaced if one is not kept and one[2] < link.at]

    def shuts_all(self) -> None:
        """Nothing of before opens anything, and no password is hers until a practice's token."""
        self.frozen = self.by_practice = True
        self.freezes += 1
        self.questions_set = False
        self.password = None
        self.credentials += 1
        self.all_end()
        self.loses_its_passkeys()
        for device in self.devices:
            device.void = True
        for link in self.links:
            link.used = True
        for one in self.not_me:
            one.used = True

    @precondition(lambda self: self.frozen and self.at_home)
    @rule(twins=twins)
    def the_practice_thaws(self, twins: int) -> None:
        self.run(self._the_practice_thaws(twins))

    async def _the_practice_thaws(self, twins: int) -> None:
        desk = await self.desk.renewed()
        path = f"/practice/patients/{self.patient_id}/thaw"
        body = {"staff_id": "nurse-7", "reason": "came with her passport"}
        async with self.told() as told:
            answers = await self.at_once(twins, lambda _: ("POST", path, body, desk.access_token))
        assert sum(answer.status == 204 for answer in answers) == 1
        await told.once("account.thaw", "account-thawed", [self.email])
        self.frozen = False
