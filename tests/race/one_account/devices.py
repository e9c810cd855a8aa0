"""Devices: listed as they are known and trusted, and revoked (MF-2)."""

from hypothesis.stateful import invariant, precondition, rule

from tests.race.one_account.holdings import Device, Seat
from tests.race.one_account.life import Life, some, twins
from tests.race.one_account.sessions import Sessions


class Devices(Sessions, Life):
    """What their holder does with them."""

    @precondition(lambda self: self.devices and any(self.fulls()))
    @rule(which=some, device=some, twins=twins)
    def revokes_a_device(self, which: int, device: int, twins: int) -> None:
        """It needs no confirmation; the sessions that began there end, but for the asking one."""
        seat, gone = self.one(self.fulls(), which), self.one(self.devices, device)
        self.run(self._revokes_a_device(seat, gone, twins))

    async def _revokes_a_device(self, seat: Seat, device: Device, twins: int) -> None:
        path, may = await self._path_of(device), self.is_full(seat) and not device.void
        async with self.told() as told:
            answers = await self.at_once(twins, lambda _: ("DELETE", path, None, seat.access))
        assert sum(answer.status == 204 for answer in answers) == may
        if may:
            await told.once("device.revoke", "device-removed", [self.email])
            device.void = True
            for other in self.seats:
                other.ended |= other.device is device and other is not seat

    @precondition(lambda self: self.devices and any(self.fulls()))
    @rule(which=some, device=some, twins=twins)
    def renames_a_device(self, which: int, device: int, twins: int) -> None:
        """What it is called says nothing of how far it is believed."""
        seat, called = self.one(self.fulls(), which), self.one(self.devices, device)
        self.run(self._renames_a_device(seat, called, twins))

    async def _renames_a_device(self, seat: Seat, device: Device, twins: int) -> None:
        path, may = await self._path_of(device), self.is_full(seat) and not device.void
        body = {"name": f"{device.actor}-{next(self.world.numbers)}, renamed"}
        async with self.told() as told:
            answers = await self.at_once(twins, lambda _: ("PATCH", path, body, seat.access))
        assert {answer.status == 204 for answer in answers} == {may}
        if may:
            await told.recorded("device.rename", times=twins)
            device.name = body["name"]

    async def _path_of(self, device: Device) -> str:
        [row] = await self.world.identity.rows(
            "SELECT id FROM devices WHERE account_id = $1 AND name = $2",
            self.account_id,
            device.name,
        )
        return f"/account/devices/{row['id']}"

    @invariant()
    def the_list_is_of_those_that_are_known_and_says_which_are_trusted(self) -> None:
        self.run(self._the_list_is_right())

    async def _the_list_is_right(self) -> None:
        if seat := next((seat for seat in reversed(self.fulls()) if self.is_full(seat)), None):
            answer = await self.call("GET", "/account/devices", None, seat.access)
            listed = {one["name"]: one["trusted_until"] for one in answer.body["devices"]}
            assert {name: until is not None for name, until in listed.items()} == {
                one.name: self.trusts(one) for one in self.devices if not one.void
            }
