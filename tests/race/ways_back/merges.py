"""The account and another one of one person are made one: what is left of either's ways (MG-5)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.contracts.ids import AccountId, MergeId, SessionId
from shared.contracts.merge import MergeRequested
from shared.contracts.recovery import RESET_LINK_REQUESTED, ResetLinkRequested
from tests.builders.merges import deliver, envelope
from tests.builders.practices import desk_of, enrol
from tests.builders.questions import OTHERS, answered, codes
from tests.builders.two_step import code_of, confirm, set_up
from tests.race.ways_back.account import STEP
from tests.race.ways_back.ways import RANDOM, Ways
from tests.rigs.identity import PASSWORD

ABSORBED, ABSORBS = "is absorbed", "absorbs another"
FATES = ["", ABSORBED, ABSORBS]


@dataclass(slots=True, kw_only=True)
class Other:
    """Another account, in a full session: its practice asks for questions, which differ."""

    name: str
    email: str
    id: AccountId
    bearer: str
    session_id: str
    app: str


class Merges(Ways):
    """Either of the two goes on."""

    fate: str  # of this life: which of the two it may be

    @precondition(lambda self: self.fate and not (self.merged or self.elsewhere))
    @precondition(lambda self: not (self.frozen or self.by_practice))
    @rule(has_email=st.booleans())
    def becomes_one_with_another(self, has_email: bool) -> None:
        if self.fate == ABSORBED:
            self.run(self._is_absorbed())
        else:
            self.run(self._absorbs_another(has_email=has_email))

    async def _is_absorbed(self) -> None:
        """Nothing of hers opens anything; the other one's ways are open, by either name."""
        other = await self._another(has_email=True, app=bool(self.app))
        grant = await self._confirmed(other.bearer, PASSWORD, other.app)
        owned = await self._owned(other.bearer, self.name, self.password, self.app)
        await self._merge(
            other.id, self.account_id, session_id=other.session_id, grant=grant, owned=owned
        )
        self.merged = True
        await self._goes_on_by_each_way(other)

    async def _absorbs_another(self, *, has_email: bool) -> None:
        """Hers stay as they are; and the other one's address is hers, where she had none."""
        session = await self._in_full()
        if session is None:
            return
        other = await self._another(has_email=has_email, app=False)
        grant = await self._confirmed(session["access_token"], self.password, self.app)
        owned = await self._owned(session["access_token"], other.name, PASSWORD, "")
        await self._merge(
            self.account_id, other.id, session_id=session["session_id"], grant=grant, owned=owned
        )
        self.elsewhere = True
        if has_email and not self.has_email:
            self.has_email, self.email = True, other.email

    async def _merge(
        self, survivor: AccountId, absorbed: AccountId, *, session_id: str, grant: str, owned: str
    ) -> None:
        identity = self.world.identity
        request = MergeRequested(
            merge_id=MergeId(RANDOM.uuid()),
            survivor_id=survivor,
            absorbed_id=absorbed,
            session_id=SessionId(UUID(session_id)),
            reauthenticated=grant,
            owned=owned,
        )
        await deliver(identity, envelope(request, identity))
        assert len(await identity.events("accounts-merged")) == 1
        await self.world.delivers()

    # ---- what it takes

    async def _in_full(self) -> dict[str, Any] | None:
        """A full session of hers; None: she has no such thing."""
        answer = await self.world.identity.log_on(self.name, self.password)
        assert answer.status == 201, answer.body
        body = answer.body
        if self.app:
            said = {"code": self._next_code(self.app)}
            bearer = body["access_token"]
            step = await self.world.identity.call(
                "POST", "/sessions/second-step", said, token=bearer
            )
            if step.status != 201:
                return None  # a thief's wrong codes have locked it
            body = step.body
        self.has_logged_on()
        return dict(body) if body["scope"] == "full" else None

    async def _another(self, *, has_email: bool, app: bool) -> Other:
        identity, number = self.world.identity, next(self.world.numbers)
        name = f"another.{number}"
        email = f"{name}@mail.example"
        client = await identity.a_practice_client(security_questions=True)
        desk = await desk_of(identity, client)
        token = await desk.a_token()
        typed = {"email": email} if has_email else {}
        assert (await enrol(identity, token, username=name, **typed)).status == 201
        bearer = (await identity.logged_on(name))["access_token"]
        if has_email:
            said = {"token": (await self.world.postman.tokens("account-enrolled"))[-1]}
            done = await identity.call("POST", "/account/email/verify", said, token=bearer)
            assert done.status == 200, done.body
        await self.world.delivers()
        assert (await self.world.recovery.sets(bearer, OTHERS)).status == 200
        await self.world.delivers()
        session = await identity.logged_on(name)
        assert session["scope"] == "full", session
        secret = await self._app_of(session["access_token"]) if app else ""
        [row] = await identity.rows("SELECT id FROM accounts WHERE username = $1", name)
        return Other(
            name=name,
            email=email,
            id=AccountId(row["id"]),
            bearer=session["access_token"],
            session_id=session["session_id"],
            app=secret,
        )

    async def _app_of(self, bearer: str) -> str:
        identity = self.world.identity
        secret = str((await set_up(identity, bearer)).body["secret"])
        assert (await confirm(identity, bearer, code_of(secret, self.now))).status == 200
        return secret

    def _next_code(self, secret: str) -> str:
        self.world.clock.advance(seconds=STEP)
        return code_of(secret, self.now)

    async def _confirmed(self, bearer: str, password: str, secret: str) -> str:
        code = {"code": self._next_code(secret)} if secret else {}
        said = {"password": password, "verb": "merge", **code}
        answer = await self.world.identity.call(
            "POST", "/account/reauthenticate", said, token=bearer
        )
        assert answer.status == 200, answer.body
        return str(answer.body["grant"])

    async def _owned(self, bearer: str, name: str, password: str, secret: str) -> str:
        code = {"code": self._next_code(secret)} if secret else {}
        said = {"name": name, "password": password, **code}
        answer = await self.world.identity.call(
            "POST", "/account/ownership-proofs", said, token=bearer
        )
        assert answer.status == 200, answer.body
        return str(answer.body["grant"])

    # ---- what is left

    async def _goes_on_by_each_way(self, other: Other) -> None:
        """By the absorbed one's name, which means the survivor; mailed to the survivor."""
        identity, recovery = self.world.identity, self.world.recovery
        await self.ask("/resets/links", {"name": self.name})
        await recovery.tick()
        told = await recovery.envelopes(RESET_LINK_REQUESTED)
        mailed = [(one, msgspec.json.decode(one.data, type=ResetLinkRequested)) for one in told]
        assert self.account_id not in [data.account_id for _, data in mailed]
        [(by, data)] = [(by, data) for by, data in mailed if data.account_id == other.id]
        assert data.recipients == (other.email,)
        text = await self.world.opened(by, data.link)
        by_link = await self.ask("/resets/links/redeem", {"token": text})
        asked = codes((await self.ask("/resets/questions", {"name": other.name})).body)
        said = {"name": other.name, "answers": answered(asked, OTHERS)}
        by_questions = await self.ask("/resets/questions/answers", said)
        assert (by_link.status, by_questions.status) == (200, 200)
        done = await identity.reset(by_questions.body["grant"], f"Copper!Lantern-{other.name}")
        assert done.status == 200, done.body
        assert done.body["scope"] == ("gates" if other.app else "full")
        late = await identity.reset(by_link.body["grant"], f"Walnut!Lantern-{other.name}")
        assert late.code == "grant_superseded"
        await self.world.delivers()
