"""The model of one account: who has what of it, and what each thing is good for by now.

It is one piece for it is the whole of what is believed: every rule reads it, and whoever doubts a
failing life looks here first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from services.identity.passwords.model import LockPolicy
from tests.builders.practices import desk_of
from tests.builders.two_step import WRONG_CODE, code_of
from tests.race.one_account.holdings import (
    NEW_DEVICES,
    App,
    Device,
    FiveQuestions,
    Link,
    Merge,
    NotMe,
    Passkey,
    Proof,
    Seat,
    TwoStep,
)
from tests.race.one_account.world import Told, World
from tests.rigs.identity import PASSWORD
from tests.rigs.replica import Answer

T = TypeVar("T")
HOLDER, THIEF = "holder", "thief"
FULL, GATES, SETTINGS = "full", "gates", "settings"
ACCESS = timedelta(minutes=5)
IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
FRESH = timedelta(minutes=10)
PROVEN = timedelta(minutes=5)
RESETS = timedelta(minutes=10)
REST = timedelta(seconds=5)  # of a new refresh token, which does not rotate until then
TWIN = timedelta(seconds=31)  # after 30 it is reuse
TRUSTED = timedelta(days=30)
MAYBE_LOCKED = timedelta(minutes=36)  # ten wrong codes in 15 minutes lock for 20
STEP = 30
LIMITED = 429
MANY = 40  # sessions and devices: past 50 the one idle longest ends (SE-1, MF-2): tested elsewhere

actors = st.sampled_from([HOLDER, THIEF])
twins = st.integers(1, 3)
some = st.integers(0, 1000)  # the number of one of those there are, taken modulo
kinds = st.sampled_from(
    ["at hand"] * 8
    + ["app", "recovery", "passkey"] * 2
    + ["wrong", "replayed", "used", "void", "old", "removed"]
)


class Life(RuleBasedStateMachine):
    """What is known of it, and what comes of what is done."""

    world: ClassVar[World]

    async def enrols(self, *, asked: bool) -> None:
        """She has enrolled, and verified an account e-mail; the thief knows her password. Where it
        is `asked`, her practice wants five security questions of her.
        """
        self.number = next(self.world.numbers)
        self.seats: list[Seat] = []
        self.devices: list[Device] = []
        self.passkeys: list[Passkey] = []
        self.proofs: list[Proof] = []
        self.links: list[Link] = []
        self.linked_at = self.now  # the newest of them, or that of the enrolment
        self.not_me: list[NotMe] = []
        self.merges: list[Merge] = []
        self.fives: list[FiveQuestions] = []
        self.asked, self.questions_set, self.freezes = asked, False, 0
        # Records that are enrolled: her own, others of her practice, and those of another one that
        # asks no questions, which came along with accounts that were merged into this.
        self.at_home, self.added, self.brought_along = True, 0, 0
        self.unlocked: list[datetime] = []
        self.two_step: TwoStep | None = None
        # What is no good any more, as somebody behind her has seen it: codes of an app that were
        # taken, recovery codes that were used, and those that others took the place of.
        self.gone: dict[str, list[str]] = {"replayed": [], "used": [], "void": []}
        self.old_apps: list[App] = []
        self.password: str | None = PASSWORD
        self.known = {HOLDER: PASSWORD, THIEF: PASSWORD}
        self.credentials = 0  # how often they changed
        self.failures = 0
        self.locked_until: datetime | None = None
        self.wrong_codes: list[datetime] = []
        self.frozen = self.merged = self.by_practice = False
        self.email = f"{HOLDER}.{self.number}.0@mail.example"
        self.email_since = self.now
        # addresses that a freeze may put back: until when its own, which, and since when
        self.replaced: list[tuple[datetime, str, datetime]] = []
        self.name = f"one.account.{self.number}"
        self.given_up: list[str] = []  # usernames
        identity = self.world.identity
        client = await identity.a_practice_client(security_questions=asked)
        self.desk = await desk_of(identity, client)  # its own: a practice's client has a budget
        await identity.rows("DELETE FROM outbox")
        self.patient_id = await self.desk.enrolled(username=self.name, email=self.email)
        [row] = await identity.rows("SELECT id FROM accounts WHERE username = $1", self.name)
        self.account_id = row["id"]
        session = (await identity.log_on(self.name, device_name="hers")).body
        [link] = await self.world.postman.tokens("account-enrolled")
        body = {"token": link}
        verified = await self.call("POST", "/account/email/verify", body, session["access_token"])
        assert verified.status == 200, verified.body
        self.sit(HOLDER, session, by="password", name="hers")
        self.world.clock.advance(seconds=1)  # what is told from now on came after this address

    # ---- how it is called

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def run(self, work: Awaitable[T]) -> T:
        async def done() -> T:
            return await work

        return self.world.runner.run(done())

    async def call(self, method: str, path: str, body: Any, token: str | None) -> Answer:
        return await self.world.identity.call(method, path, body, token=token)

    async def at_once(
        self, twins: int, request: Callable[[int], tuple[str, str, Any, str | None]]
    ) -> list[Answer]:
        """Send so many at the same moment, over two replicas."""
        replicas = (self.world.identity, self.world.beside)

        async def send(place: int) -> Answer:
            method, path, body, token = request(place)
            return await replicas[place % 2].call(method, path, body, token=token)

        return list(await asyncio.gather(*(send(place) for place in range(twins))))

    def told(self) -> Told:
        """What is on record, and told, of what is done meanwhile."""
        return Told(world=self.world, account_id=self.account_id)

    def was_too_late(self, what: str) -> None:
        """It was refused, and for nothing but its time."""
        self.world.done[f"{what}, too late"] += 1

    def hears(self, told: Told) -> None:
        """Keep the links that came with it."""
        self.not_me += [NotMe(text=text, at=self.now) for text in told.links]

    # ---- which of those there are

    def one(self, those: Sequence[T], which: int) -> T:
        """One of them, mostly one that is good for something yet."""
        good = [one for one in those if self.is_good(one)]
        found = good if good and which % 4 else those
        return found[which // 4 % len(found)]

    def is_good(self, one: object) -> bool:
        match one:
            case Seat():
                return self.takes(one)
            case Proof():
                return not one.spent and one.credentials == self.credentials
            case Device():
                return self.trusts(one) or (self.two_step is None and not one.void)
            case NotMe() | Link():
                return not one.used
            case _:
                return True

    def halves(self) -> list[Seat]:
        return [seat for seat in self.seats if not seat.full]

    def fulls(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.full]

    def has_room(self) -> bool:
        return sum(map(self.lives, self.seats)) < MANY

    def brought(self, actor: str, which: int) -> Device | None:
        """The device that this one comes from; None: a new one."""
        own = [device for device in self.devices if device.actor == actor]
        crowded = sum(not device.void for device in self.devices) >= MANY
        if not own or (which % 3 == 0 and not crowded):
            return None
        return self.one(own, which // 3)

    # ---- sessions

    def lives(self, seat: Seat) -> bool:
        return not seat.ended and self.now < min(seat.refreshed + IDLE, seat.until)

    def takes(self, seat: Seat) -> bool:
        """Whether its access token is good."""
        narrowed = seat.narrowed is not None and seat.issued < seat.narrowed
        return self.lives(seat) and not narrowed and self.now < seat.issued + ACCESS

    @property
    def records(self) -> int:
        """How many of hers are enrolled; without any there is no full session (UN-4)."""
        return self.at_home + self.added + self.brought_along

    def scope(self, *, full: bool) -> str:
        """What a session may do that is past its second step, or waits for it (LG-3, SE-4)."""
        due = self.asked and not self.questions_set and not self.brought_along
        if not full or (due and self.records):
            return GATES
        return FULL if self.records else SETTINGS

    def takes_as(self, seat: Seat, *scopes: str) -> bool:
        """Whether its access token is good, and for what asks for one of these."""
        return self.takes(seat) and self.scope(full=seat.full) in scopes

    def is_full(self, seat: Seat) -> bool:
        """Whether it may do whatever a session may do."""
        return self.takes_as(seat, FULL)

    def trusts(self, device: Device) -> bool:
        """Whether no code is asked for there."""
        return self.has_trusted(device) and not self.outlives_trust(device)

    def has_trusted(self, device: Device) -> bool:
        """Whether a code was to be spared there, and no credential has changed since (MF-2)."""
        return (
            not device.void
            and self.two_step is not None
            and self.two_step.mode == NEW_DEVICES
            and device.trusted == self.credentials
        )

    def outlives_trust(self, device: Device) -> bool:
        return device.trusted_at is not None and self.now >= device.trusted_at + TRUSTED

    def sit(
        self,
        actor: str,
        body: Mapping[str, Any],
        *,
        by: str,
        name: str,
        device: Device | None = None,
        stepped: bool = False,
        passkey: Passkey | None = None,
        instead_of: Seat | None = None,
    ) -> Seat:
        """Somebody has a new session; it is full only with the second step, where that is on, or
        from a device that is trusted. A new device is told its secret with a full one, this once.
        """
        if device is not None and device.void:
            device = None
        spared = device is not None and self.trusts(device)
        full = self.two_step is None or stepped or spared
        if device is not None and not full and self.has_trusted(device):
            self.was_too_late("trust")
        assert ("device" in body) is (full and device is None), body
        if "device" in body:
            device = Device(actor=actor, name=name, secret=body["device"])
            self.devices.append(device)
        seat = self.seat(actor, body, by=by, name=name, full=full, at=device)
        seat.passkey = passkey
        if instead_of is not None:
            seat.began, seat.until = instead_of.began, instead_of.until
        return seat

    def seat(
        self,
        actor: str,
        body: Mapping[str, Any],
        *,
        by: str,
        name: str,
        full: bool,
        at: Device | None,
    ) -> Seat:
        """One that begins where another one went on until now, or somewhere new."""
        assert body["scope"] == self.scope(full=full), body
        made = Seat(
            id=body["session_id"],
            actor=actor,
            access=body["access_token"],
            refresh=body["refresh_token"],
            full=full,
            by=by,
            name=name,
            device=at,
            passkey=None,
            began=self.now,
            started=self.now,
            until=self.now + LONGEST,
            issued=self.now,
            refreshed=self.now,
        )
        self.seats.append(made)
        return made

    def all_end(self, *, spare: Seat | None = None) -> None:
        for seat in self.seats:
            seat.ended = seat.ended or seat is not spare

    def all_narrow(self) -> None:
        """What practices they see has changed: each is to refresh first."""
        for seat in self.seats:
            seat.narrowed = max(self.now, seat.issued + timedelta(microseconds=1))

    # ---- credentials

    def changes(self, *, spare: Seat) -> None:
        """Credentials changed in this session: others end, and what was proven before is void."""
        self.credentials += 1
        self.all_end(spare=spare)

    def changes_passkeys(self) -> None:
        """What was proven before is void; sessions go on, and trusted devices stay (MF-9)."""
        for device in self.devices:
            if device.trusted == self.credentials:
                device.trusted += 1
        self.credentials += 1

    def learns(self, actor: str, password: str) -> None:
        self.password = self.known[actor] = password
        self.credentials += 1

    def loses_two_step(self) -> None:
        """It is off, and what codes there were are void."""
        assert self.two_step is not None
        self.gone["void"] += self.two_step.codes
        self.loses_its_app()
        self.two_step = None

    def loses_its_app(self) -> None:
        assert self.two_step is not None
        if self.two_step.app is not None:
            self.old_apps.append(self.two_step.app)
            self.two_step.app = None

    def loses_its_passkeys(self) -> None:
        for passkey in self.passkeys:
            passkey.ended = True

    # ---- secrets

    def tried(self, right: bool, device: Device | None = None) -> bool:
        """LG-2: whether a password is told to be right; a known device counts by itself."""
        policy = LockPolicy()
        if device is not None and not device.void:
            device.failures = 0 if right else device.failures + 1
            device.void = device.failures == policy.failures
            return right
        if self.is_locked():
            return False
        self.failures = 0 if right else self.failures + 1
        if self.failures == policy.failures:
            self.failures, self.locked_until = 0, self.now + policy.lasts
        return right

    def is_locked(self) -> bool:
        """LG-2: whether no password is told to be right, but from a known device."""
        return self.locked_until is not None and self.now < self.locked_until

    def maybe_locked(self) -> bool:
        """Whether so many codes were wrong that right ones may be refused too (MF-3): they count
        on when two-step is turned off and on again.
        """
        return sum(self.now - at < MAYBE_LOCKED for at in self.wrong_codes) >= 10

    def at_hand(self, actor: str) -> str:
        """What kind of second step this one has that is good now."""
        for kind in ("app", "recovery"):
            if self.code(actor, kind)[1]:
                return kind
        own = any(one.actor == actor and one.counts for one in self.passkeys)
        return "passkey" if own else "wrong"

    def code(self, actor: str, kind: str) -> tuple[str | None, bool]:
        """A code of this kind in this one's hands, and whether it is good; None: there is none."""
        if kind in self.gone:
            return (self.gone[kind][-1] if self.gone[kind] else None), False
        if kind == "old":
            return (code_of(self.old_apps[-1].secret, self.now) if self.old_apps else None), False
        on, app = self.two_step, self.two_step.app if self.two_step else None
        if kind == "recovery" and on is not None and on.owner == actor:
            return (on.codes[0], True) if on.codes else (None, False)
        if kind != "app" or app is None or app.owner != actor:
            return WRONG_CODE, False
        current = int(self.now.timestamp()) // STEP
        for shift in (0, 1):
            if current + shift > app.last:
                return code_of(app.secret, self.now, shift=shift), True
        return None, False

    def taken(self, code: str) -> None:
        """It was good, and is no more."""
        assert self.two_step is not None
        if code in self.two_step.codes:
            self.two_step.codes.remove(code)
            self.gone["used"].append(code)
            return
        app = self.two_step.app
        assert app is not None
        self.gone["replayed"].append(code)
        current = int(self.now.timestamp()) // STEP
        app.last = next(
            current + shift
            for shift in (0, 1)
            if code_of(app.secret, self.now, shift=shift) == code
        )
