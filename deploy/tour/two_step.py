"""How a person protects her account by a second step, and what helps where her phone is lost."""

import pyotp

from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from shared.clock import MachineClock


async def second_step(stage: Stage, person: Person) -> None:
    """She sets two-step up, logs on by a code and a recovery code, and loses her phone."""
    clock = MachineClock(clock_file=stage.stack.clock_file)
    await acts.log_on(stage, person, person.username, person.password)
    with stage.step("She sets an authenticator app up, and gets recovery codes", "MF-1, MF-4"):
        bearer = person.tokens["access_token"]
        begun = await stage.call("set_up_app", 201, token=bearer, body={})
        app = pyotp.TOTP(begun.body["secret"])
        stage.tell(f"{begun.body['uri'].partition('?')[0]}?secret=…")
        body = {"code": app.at(clock.now())}
        confirmed = await stage.call("confirm_app", 200, token=bearer, body=body)
        codes = confirmed.body["recovery_codes"]
        person.second_step = [begun.body["secret"], *codes]
        await stage.mail(person, "is on for your")
        stage.tell(f"two-step is on; {len(codes)} recovery codes, shown once")
    with stage.step("Her password alone opens nothing but the gate", "LG-3, MF-3"):
        half = await acts.log_on(stage, person, person.username, person.password)
        bearer = half.body["access_token"]
        stage.insist(half.body["gates"][0]["name"] == "second-step", f"gates: {half.body['gates']}")
        await stage.refused("list_sessions", 403, "session_scope_missing", token=bearer)
        used = {"code": body["code"]}
        await stage.refused("take_second_step", 403, "second_step_failed", token=bearer, body=used)
        stage.tell("the code that was used once: second_step_failed")
    with stage.step("The app's next code opens a full session", "MF-1, SE-4"):
        code = app.at(clock.now(), counter_offset=1)
        asked = {"code": code, "resource": ["identity", "notify"]}
        full = await stage.call("take_second_step", 201, token=bearer, body=asked)
        await stage.call("list_sessions", 200, token=full.body["access_token"])
        await stage.call("read_account", 401, token=bearer)
        stage.tell("a token for each service; the session that waited is over")
    with stage.step("She wants to be asked at new devices only, and trusts this one", "MF-2, SE-3"):
        bearer = full.body["access_token"]
        said = {"password": person.password, "verb": "two-step", "code": codes[1]}
        grant = await stage.call("reauthenticate", 200, token=bearer, body=said)
        mode = {"mode": "new-devices", "reauthenticated": grant.body["grant"]}
        await stage.call("change_two_step_mode", 204, token=bearer, body=mode)
        half = await acts.log_on(stage, person, person.username, person.password)
        stage.insist(half.body["gates"][0]["trust_offered"], f"gates: {half.body['gates']}")
        said = {"code": codes[2], "device": person.device}
        await stage.call(
            "take_second_step",
            201,
            token=half.body["access_token"],
            body={**said, "trust": True},
        )
        await stage.mail(person, "asks for no code")
        spared = await acts.log_on(stage, person, person.username, person.password)
        stage.insist(spared.body["scope"] == "full", f"gates: {spared.body['gates']}")
        listed = await stage.call("list_devices", 200, token=spared.body["access_token"])
        [device] = [each for each in listed.body["devices"] if each["current"]]
        stage.tell(f"no code here until {device['trusted_until']}")
    with stage.step("She has forgotten her password: a code for it spares none of these", "RC-10"):
        token = await acts.reset_token(stage, stage.stack.practice, person)
        half = await acts.reset_by_token(stage, person, token)
        stage.insist(half.body["gates"][0]["name"] == "second-step", f"gates: {half.body['gates']}")
        await stage.call(
            "take_second_step", 201, token=half.body["access_token"], body={"code": codes[3]}
        )
        await stage.mail(person, "was set anew")
        stage.tell("the practice's code sets the password; the session waits for a second step")
    with stage.step("She has lost her phone; elsewhere a recovery code does", "MF-4, SE-2"):
        half = await acts.log_on(stage, person, person.username, person.password, elsewhere=True)
        bearer = half.body["access_token"]
        full = await stage.call("take_second_step", 201, token=bearer, body={"code": codes[0]})
        person.tokens = full.body
        await stage.mail(person, "Somebody logged on")
        stage.tell("a device that was never used: she is told")
        account = await stage.call("read_account", 200, token=full.body["access_token"])
        stage.tell(f"recovery codes left: {account.body['two_step']['recovery_codes_left']}")
    with stage.step("Her practice resets it, and she is told", "MF-4, ST-1"):
        token = await acts.client_token(stage, stage.stack.practice)
        path = {"patient_id": person.patient_id}
        await stage.call("reset_two_step", 204, token=token, path=path, body=acts.AT_THE_DESK)
        await stage.mail(person, "was reset")
        await stage.call("read_account", 401, token=full.body["access_token"])
        await acts.log_on(stage, person, person.username, person.password)
        stage.insist(person.tokens["scope"] == "full", f"her session: {person.tokens['scope']}")
        stage.tell("every session is over, and her password alone logs on again")
