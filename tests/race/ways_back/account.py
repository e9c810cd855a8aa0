"""The model: who has which proof of the account, and what is open by now."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from shared.contracts.ids import AccountId
from shared.contracts.notify import NotificationAddressesChanged
from tests.builders.practices import desk_of, enrol
from tests.builders.two_step import code_of
from tests.race.ways_back.world import DEMANDS, Grant, Proof, World
from tests.rigs.identity import PASSWORD
from tests.rigs.replica import Answer

T = TypeVar("T")
HOLDER, THIEF = "holder", "thief"
ADDRESS = "12 Elm Street, Springfield, IL 62704"
STEP = 31  # seconds until an app shows another code

actors = st.sampled_from([HOLDER, THIEF])
some = st.integers(0, 1000)  # the number of one of those there are, taken modulo
twins = st.integers(1, 3)
at_once = st.integers(0, 3)  # how many passwords are set by a grant as soon as it is there


class Account(RuleBasedStateMachine):
    """What is known of it."""

    world: ClassVar[World]

    async def enrols(self, has: Sequence[str], stolen: set[str]) -> None:
        """She has enrolled; the thief knows her username and has some of what is hers, not all."""
        self.number = next(self.world.numbers)
        self.name = f"ways.back.{self.number}"
        self.email = f"{self.name}@mail.example"
        self.other = f"{self.name}@elsewhere.example"
        self.has_email, self.has_questions, self.app = "email" in has, False, ""
        self.has = {HOLDER: set(DEMANDS.values()), THIEF: stolen}
        self.links: list[Proof] = []
        self.slips: list[Proof] = []
        self.grants: list[Grant] = []
        self.not_me: list[str] = []
        self.password = PASSWORD
        self.credentials = 0
        self.frozen = self.by_practice = self.validated = False
        self.named = False  # whether her name was ever typed beside her other address
        self.merged = False  # part of another account
        self.enrolled, self.elsewhere = True, False  # at the practice, at another one by a merge
        self.waived = False  # the practice says that she has no e-mail
        self.calls = self.locks = 0  # that answers have failed since they were right
        self.locked_until: datetime | None = None
        self.closed = False
        self.rounds: list[datetime] = []  # when each began
        self.failed_at: datetime | None = None  # when a wrong address was picked to right fields
        identity, recovery = self.world.identity, self.world.recovery
        client = await identity.a_practice_client(security_questions=has != ("app",))
        self.desk = await desk_of(identity, client)
        self.phone = f"213 555 {self.number:04}"
        self.patient_id = await self.desk.a_patient(home_phone=self.phone, address=ADDRESS)
        issued = await self.desk.issue(self.patient_id)
        assert issued.status == 201, issued.body
        token = issued.body["token"]
        typed = {"email": self.email} if self.has_email else {}
        assert (await enrol(identity, token, username=self.name, **typed)).status == 201
        [row] = await identity.rows("SELECT id FROM accounts WHERE username = $1", self.name)
        self.account_id = AccountId(row["id"])
        bearer = (await identity.logged_on(self.name))["access_token"]
        if self.has_email:
            link = (await self.world.postman.tokens("account-enrolled"))[-1]
            said = {"token": link}
            done = await identity.call("POST", "/account/email/verify", said, token=bearer)
            assert done.status == 200, done.body
        await self.world.delivers()
        told = NotificationAddressesChanged(account_id=self.account_id, addresses=(self.other,))
        handler = recovery.projections.keep_notification_addresses
        await recovery.hear(handler, told, version=2, publisher="notify")
        if "questions" in has:
            assert (await recovery.sets(bearer)).status == 200
            self.has_questions = True
        await self.world.delivers()
        if "app" in has:
            await self._sets_up_an_app()
        if has == ("app",):  # which the practice did not stop her for, and now it does
            assert (await self.desk.change_settings(security_questions=True)).status == 200
        await self.world.delivers()

    async def _sets_up_an_app(self) -> None:
        """In a full session, which is one at no gate: with the five questions set."""
        identity = self.world.identity
        bearer = (await identity.logged_on(self.name))["access_token"]
        path = "/account/two-step/app"
        begun = await identity.call("POST", path, {}, token=bearer)
        assert begun.status == 201, begun.body
        said = {"code": code_of(begun.body["secret"], self.now)}
        done = await identity.call("POST", f"{path}/confirm", said, token=bearer)
        assert done.status == 200, done.body
        self.app = begun.body["secret"]
        self.credentials += 1

    # ---- what is open

    @property
    def is_seen(self) -> bool:
        """Whether it is enrolled anywhere: else a session is for the settings alone (UN-4)."""
        return self.enrolled or self.elsewhere

    @property
    def wants_email(self) -> bool:
        """Whether a validation waits for an account e-mail, which the practice may waive (RC-6)."""
        return self.validated and not (self.has_email or self.waived)

    @property
    def is_unfinished(self) -> bool:
        """Whether it waits for that, or for the five questions (RC-7)."""
        waits = self.wants_email or (self.validated and not self.has_questions)
        return waits and self.is_seen

    @property
    def is_free(self) -> bool:
        """Whether who has what a way demands goes it: nothing stands between (RC-7, RC-9, MG-5)."""
        return not (self.frozen or self.by_practice or self.merged or self.is_unfinished)

    @property
    def scope(self) -> str:
        """What a session may do, a second step taken."""
        if not self.is_seen:
            return "settings"
        return "full" if self.has_questions and not self.wants_email else "gates"

    # ---- how it is called

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def run(self, work: Awaitable[T]) -> T:
        async def done() -> T:
            return await work

        return self.world.runner.run(done())

    async def ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        return await self.world.recovery.call("POST", path, dict(body))

    def held(self, actor: str, proofs: Sequence[Proof], what: str, which: int) -> Proof | None:
        """One of these in this one's hands, mostly the newest."""
        if what not in self.has[actor] or not proofs:
            return None
        return proofs[-1] if which % 4 else proofs[which // 4 % len(proofs)]

    def one(self, those: Sequence[T], which: int) -> T:
        """One of them, mostly the newest."""
        return those[-1] if which % 4 else those[which // 4 % len(those)]
