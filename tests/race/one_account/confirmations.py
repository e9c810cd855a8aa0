"""Re-authentication, and what is changed by it: one change a confirmation (SE-3)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.race.one_account.holdings import Proof, Seat, Step
from tests.race.one_account.life import LIMITED, PROVEN, Life, kinds, some, twins
from tests.race.one_account.sessions import Sessions
from tests.race.one_account.touches import TOUCHED
from tests.race.one_account.world import Told
from tests.rigs.replica import Answer

NAMES = ["password", "username", "email", "email", "practice"]
TWO_STEP = ["app", "app", "mode", "mode", "recovery-codes", "recovery-codes", "two-step-off"]
PASSKEYS = ["passkey", "passkey", "remove-passkey"]
changes = st.sampled_from(NAMES + TWO_STEP + PASSKEYS)
PATH = "/account/reauthenticate"


L = TypeVar("L", bound="Confirmations")


class Change(Generic[L]):
    """A change that has to be confirmed, brought once; `self` is of one try at it."""

    verb: ClassVar[str]

    def __init__(self, life: L, proof: Proof, seat: Seat) -> None:
        self.life, self.proof, self.seat = life, proof, seat

    def allowed(self) -> bool:
        """Whether the account as it is lets it happen."""
        return True

    def is_open(self) -> bool:
        """Whether the session may bring it."""
        return self.life.is_full(self.seat)

    async def prepared(self) -> bool:
        """Have what it takes beside the confirmation. False: it was refused there already."""
        return True

    def request(self, number: int) -> tuple[str, str, Mapping[str, Any]]:
        """What is sent by the racer of that number."""
        raise NotImplementedError

    async def done(self, answer: Answer, number: int, told: Told) -> None:
        """What comes of the one that was taken."""
        raise NotImplementedError


class Confirmations(Sessions, Life):
    """Confirmed, and changed."""

    changed_by: ClassVar[Mapping[str, type[Change[Any]]]]

    @precondition(lambda self: any(self.fulls()))
    @rule(which=some, change=changes, kind=kinds)
    def confirms(self, which: int, change: str, kind: str) -> None:
        """SE-3: gives the password again, and a code where two-step is on; or a passkey alone."""
        self.run(self._confirms(self.one(self.fulls(), which), change, kind))

    @precondition(lambda self: any(self.fulls()))
    @rule(which=some, change=st.sampled_from(NAMES), kind=kinds, twins=twins)
    def changes_a_name(self, which: int, change: str, kind: str, twins: int) -> None:
        self.run(self._changes(self.one(self.fulls(), which), change, kind, twins))

    @precondition(lambda self: any(self.fulls()) and self.two_step is not None)
    @rule(which=some, change=st.sampled_from(TWO_STEP), kind=kinds, twins=twins)
    def changes_two_step(self, which: int, change: str, kind: str, twins: int) -> None:
        self.run(self._changes(self.one(self.fulls(), which), change, kind, twins))

    @precondition(lambda self: any(self.fulls()))
    @rule(which=some, change=st.sampled_from(PASSKEYS), kind=kinds, twins=twins)
    def changes_a_passkey(self, which: int, change: str, kind: str, twins: int) -> None:
        self.run(self._changes(self.one(self.fulls(), which), change, kind, twins))

    async def _changes(self, seat: Seat, change: str, kind: str, twins: int) -> None:
        """Confirm it, and at once use that."""
        if (proof := await self._confirms(seat, change, kind)) is not None:
            await self._uses_a_confirmation(proof, twins)

    async def _confirms(self, seat: Seat, change: str, kind: str) -> Proof | None:
        kind = self.at_hand(seat.actor) if kind == "at hand" and self.two_step else kind
        verb = "merge" if change == "merge" else self.changed_by[change].verb
        step = None
        if kind in TOUCHED or self.two_step is not None:
            step = await self.step(seat, kind, PATH)
        alone = step is not None and "ceremony" in step.said and verb != "two-step-off"
        said = {"verb": verb, **(step.said if step else {})}
        said |= {} if alone else {"password": self.known[seat.actor]}
        before, may = self.maybe_locked() and (step is None or not step.passkey), self.takes(seat)
        answer = await self.call("POST", PATH, said, seat.access)
        if not may:
            assert answer.status == 401
            return None
        told = alone or self.tried(self.known[seat.actor] == self.password)
        good = self.two_step is None if step is None else step.good
        assert answer.status == 200 or not (told and good) or before, answer.body
        assert answer.status != 200 or (told and good)
        if answer.code == "second_step_failed":
            self.wrong_codes.append(self.now)
        if answer.status != 200:
            return None
        proof = Proof(
            text=answer.body["grant"],
            actor=seat.actor,
            change=change,
            at=self.now,
            credentials=self.credentials,
            seat=seat,
        )
        self.proofs.append(proof)
        await self._is_spent(seat, change, step)
        return proof

    async def _is_spent(self, seat: Seat, change: str, step: Step | None) -> None:
        """Bring it once more: a code that is used, a ceremony that is over."""
        if step is None:
            return
        if step.passkey is not None:
            said = {"verb": self.changed_by["app"].verb, **step.said}
            again = await self.call("POST", PATH, said, seat.access)
            assert again.code == "ceremony_over", again.body
            return
        recovery = self.two_step is not None and step.said["code"] in self.two_step.codes
        self.taken(step.said["code"])
        if recovery:
            await self._confirms(seat, change, "used")

    @precondition(lambda self: any(proof.change != "reset" for proof in self.proofs))
    @rule(which=some, twins=twins)
    def uses_a_confirmation(self, which: int, twins: int) -> None:
        proof = self.one([proof for proof in self.proofs if proof.change != "reset"], which)
        self.run(self._uses_a_confirmation(proof, twins))

    async def _uses_a_confirmation(self, proof: Proof, twins: int) -> None:
        seat = proof.seat
        assert seat is not None
        change = self.changed_by[proof.change](self, proof, seat)
        numbers = [next(self.world.numbers) for _ in range(twins)]
        may = (
            not proof.spent
            and change.is_open()
            and self.now < proof.at + PROVEN
            and proof.credentials == self.credentials
            and change.allowed()
        )
        if not await change.prepared():
            assert not may
            return

        def request(place: int) -> tuple[str, str, Mapping[str, Any], str]:
            method, path, body = change.request(numbers[place])
            return method, path, body, seat.access

        async with self.told() as told:
            answers = await self.at_once(twins, request)
        done = [place for place, one in enumerate(answers) if one.status < 400]
        limited = any(answer.status == LIMITED for answer in answers)
        assert len(done) == 1 or (not done and (limited or not may)), [
            (one.status, one.code) for one in answers
        ]
        assert may or not done
        if done:
            proof.spent = True
            await change.done(answers[done[0]], numbers[done[0]], told)
            self.hears(told)
