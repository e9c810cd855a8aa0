"""Sessions: begun by a password and a second step, refreshed, listed, ended (SE-1, LG-2, MF-3)."""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.race.one_account.holdings import NEW_DEVICES, Device, Seat, Step
from tests.race.one_account.life import REST, TWIN, Life, actors, kinds, some, twins
from tests.race.one_account.touches import Touches

ENDS = ["all others", "one of the list", "one of the list", "by refresh token"]


class Sessions(Touches, Life):
    """What is done with them, and what each may open."""

    @precondition(lambda self: self.has_room())
    @rule(actor=actors, twins=twins, brings=some, goes_on=st.booleans())
    def logs_on(self, actor: str, twins: int, brings: int, goes_on: bool) -> None:
        self.run(self._logs_on(actor, twins, self.brought(actor, brings)))
        if goes_on and self.seats:
            self.run(self._goes_on(self.seats[-1]))

    @rule(actor=actors, twins=twins, brings=some)
    def mistypes_the_password(self, actor: str, twins: int, brings: int) -> None:
        right, self.known[actor] = self.known[actor], "Walnut-Harbour-8"
        self.run(self._logs_on(actor, twins, self.brought(actor, brings)))
        self.known[actor] = right

    async def _goes_on(self, seat: Seat) -> None:
        """With whatever is at hand where a code is asked for."""
        if self.takes(seat) and not seat.full and self.two_step is not None:
            await self._steps(seat, "at hand", 1, trust=True)

    @precondition(lambda self: self.has_room() and not self.merged)
    @rule(actor=actors, which=some, twins=twins)
    def logs_on_by_another_name(self, actor: str, which: int, twins: int) -> None:
        """LG-1: by the account e-mail; a name that was given up opens nothing, and who guesses by
        it is counted like by any other (ID-2, ID-6).
        """
        reserved = [*self.given_up, *(address for _, address, _ in self.replaced)]
        name = reserved[which // 2 % len(reserved)] if reserved and which % 2 else self.email
        self.run(self._logs_on(actor, twins, name=name))

    async def _logs_on(
        self, actor: str, twins: int, device: Device | None = None, *, name: str | None = None
    ) -> None:
        opens = name in (None, self.email)
        right = opens and self.known[actor] == self.password
        names = [f"{actor}-{next(self.world.numbers)}" for _ in range(twins)]
        body = {"name": name or self.name, "password": self.known[actor]}
        body |= {"device": device.secret} if device else {}
        void = device is None or device.void
        async with self.told() as told:
            answers = await self.at_once(
                twins,
                lambda place: ("POST", "/sessions", {**body, "device_name": names[place]}, None),
            )
        good = 409 if self.merged else 201
        expected = [good if self.tried(right, device) else 401 for _ in answers]
        assert sorted(answer.status for answer in answers) == sorted(expected)
        if device is not None and device.void and not void:
            await told.once("device.void", "device-removed", [self.email])
        for said, answer in zip(names, answers, strict=True):
            if answer.status == 201:
                self.sit(actor, answer.body, by="password", name=said, device=device)
                if name is not None:
                    self.world.done["log-on by the account e-mail"] += 1

    @precondition(lambda self: self.two_step is not None and any(self.halves()))
    @rule(which=some, kind=kinds, twins=twins)
    def takes_the_second_step(self, which: int, kind: str, twins: int) -> None:
        self.run(self._steps(self.one(self.halves(), which), kind, twins, trust=which % 2 == 0))

    async def _steps(self, seat: Seat, kind: str, twins: int, *, trust: bool) -> None:
        reset = seat.by == "password-reset"
        step = await self.step(seat, kind, "/sessions/second-step", suspended=reset)
        if step is not None:
            await self._takes_the_second_step(seat, step, twins, trust=trust)

    async def _takes_the_second_step(
        self, seat: Seat, step: Step, twins: int, *, trust: bool
    ) -> None:
        body = {**step.said, "trust": trust}
        before = self.maybe_locked() and step.passkey is None
        async with self.told() as told:
            answers = await self.at_once(
                twins, lambda _: ("POST", "/sessions/second-step", body, seat.access)
            )
        done = [answer for answer in answers if answer.status == 201]
        if not step.good or not self.takes(seat):
            assert not done
        else:
            assert len(done) == 1 or (not done and before)
        if "code" in step.said:
            self.wrong_codes += [self.now for one in answers if one.code.startswith("second_step")]
        if any(answer.code == "second_step_over" for answer in answers):
            seat.ended = True
        for answer in done:
            if step.passkey is None:
                self.taken(step.said["code"])
            seat.ended = True
            begun = self.sit(
                seat.actor,
                answer.body,
                by=seat.by,
                name=seat.name,
                device=seat.device,
                stepped=True,
                passkey=step.passkey,
                instead_of=seat,
            )
            assert self.two_step is not None
            if trust and self.two_step.mode == NEW_DEVICES:
                await told.once("device.trust", "device-trusted", [self.email])
                assert begun.device is not None
                begun.device.trusted, begun.device.trusted_at = self.credentials, self.now
            await told.recorded("second-step.take")

    @precondition(lambda self: self.seats)
    @rule(which=some, twins=twins)
    def refreshes(self, which: int, twins: int) -> None:
        living = [seat for seat in self.seats if self.lives(seat)]
        self.run(self._refreshes(self.one(living or self.seats, which), twins))

    async def _refreshes(self, seat: Seat, twins: int) -> None:
        body = {"refresh_token": seat.refresh}
        answers = await self.at_once(twins, lambda _: ("POST", "/sessions/refresh", body, None))
        if not self.lives(seat):
            assert {answer.status for answer in answers} == {401}
            return
        assert {answer.status for answer in answers} == {200}
        [successor] = {answer.body["refresh_token"] for answer in answers}
        body = answers[0].body
        assert body["scope"] == self.scope(full=seat.full)
        rests = seat.rotated is not None and seat.started < seat.rotated > self.now - REST
        assert (successor == seat.refresh) is rests
        if not rests:
            seat.spent.append(seat.refresh)
            seat.rotated = seat.refreshed = self.now
        seat.refresh, seat.access = successor, body["access_token"]
        seat.issued = max(seat.refreshed, seat.narrowed or seat.refreshed)

    @precondition(lambda self: any(map(self.lives, self.seats)))
    @rule(which=some)
    def uses_a_refresh_token_again(self, which: int) -> None:
        """SE-1: whoever has it, too late for a reply that was lost; the session ends with it."""
        seat = self.one([seat for seat in self.seats if self.lives(seat)], which)
        self.world.clock.advance(seconds=REST.seconds)
        spent = seat.refresh
        self.run(self._refreshes(seat, 1))
        self.world.clock.advance(seconds=TWIN.seconds)
        assert self.run(self.world.identity.refresh(spent)).status == 401
        seat.ended = True

    @precondition(lambda self: self.seats)
    @rule(which=some, other=some, twins=twins, how=st.sampled_from(ENDS))
    def ends_some(self, which: int, other: int, twins: int, how: str) -> None:
        seat = self.one(self.seats, which)
        match how:
            case "all others":
                self.run(self._ends_the_others(seat))
            case "one of the list":
                self.run(self._ends(seat, self.one(self.seats, other), twins))
            case _:
                tokens = [*seat.spent, seat.refresh]
                self.run(self._revokes(seat, tokens[-1 - other % len(tokens)], twins))

    async def _ends_the_others(self, seat: Seat) -> None:
        may = self.is_full(seat)
        answer = await self.call("POST", "/sessions/end-others", None, seat.access)
        assert (answer.status < 400) is may
        if may:
            self.all_end(spare=seat)

    async def _ends(self, seat: Seat, other: Seat, twins: int) -> None:
        """Any of hers from a full session; from one that is not, that one alone."""
        may = self.is_full(seat) or (self.takes(seat) and other is seat)
        path = f"/sessions/{other.id}"
        async with self.told() as told:
            answers = await self.at_once(twins, lambda _: ("DELETE", path, None, seat.access))
        statuses = {answer.status for answer in answers}
        if not may:
            assert statuses == {403 if self.takes(seat) else 401}
            return
        assert statuses <= {204, 401}
        assert 204 in statuses
        assert statuses == {204} or other is seat
        other.ended = True
        await told.recorded("session.end", times=sum(one.status == 204 for one in answers))

    async def _revokes(self, seat: Seat, token: str, twins: int) -> None:
        """RFC 7009: the newest or one that was used; whatever it was, the reply is the same."""
        ended, form = seat.ended, {"token": token}
        async with self.told() as told:
            for _ in range(twins):
                answer = await self.world.identity.call("POST", "/sessions/revoke", form=form)
                assert (answer.status, answer.body) == (200, {})
        seat.ended = True
        await told.recorded("session.revoke", times=not ended)

    @invariant()
    def no_session_opens_more_than_it_may(self) -> None:
        self.run(self._no_session_opens_more_than_it_may())

    async def _no_session_opens_more_than_it_may(self) -> None:
        living = {seat.id for seat in self.seats if self.lives(seat)}
        for seat in self.seats:
            if seat.over == seat.access:
                continue  # looked at before, and no token comes to life again
            answer = await self.call("GET", "/sessions", None, seat.access)
            expected = 401 if not self.takes(seat) else 200 if self.is_full(seat) else 403
            assert answer.status == expected, (answer.status, expected, seat)
            if expected == 401:
                seat.over = seat.access
            if expected == 200:
                assert {one["session_id"] for one in answer.body["sessions"]} == living
