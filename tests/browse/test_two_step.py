"""Stories of two-step verification: set up, a lost phone, and how it ends (MF-1, MF-3, MF-4)."""

from playwright.async_api import expect

from deploy.tour.person import Person
from deploy.tour.stage import Stage
from shared.clock import MachineClock
from tests.browse.conftest import AtPortal
from tests.browse.desk import SECOND, Desk
from tests.browse.patient import Patient
from tests.builders.two_step import code_of
from tests.support.suite import Suite

SHORT, LONG = "owlheron", "seventeen herons over the lake"


async def sets_two_step_up(ada: Patient, stage: Stage) -> tuple[str, list[str]]:
    """Set it up as the pages lead; return the secret she typed, and her recovery codes."""
    await ada.go("/settings")
    await ada.main.get_by_role("link", name="Set up two-step verification").click()
    await ada.sees("two-step, off")
    await ada.main.get_by_role("link", name="Set it up").click()
    secret, codes = await sets_an_app_up(ada, stage)
    await ada.at("/settings/two-step")
    await ada.sees("two-step, on")
    return secret, codes


async def sets_an_app_up(ada: Patient, stage: Stage) -> tuple[str, list[str]]:
    """From where an app is asked for to behind the recovery codes."""
    await ada.at("/settings/two-step/app")
    await ada.sees("two-step, before an app")
    await ada.press("Go on")
    await ada.at("/settings/two-step/app/confirm")
    await expect(ada.page.get_by_alt_text("QR code for your authenticator app")).to_be_visible()
    secret = (await ada.page.locator("#app-secret").inner_text()).replace(" ", "")
    await ada.fill(code="no code")
    await ada.press("Confirm")
    await expect(ada.page.locator("#code-wrong")).to_be_visible()
    await ada.sees("two-step, an app")
    await ada.fill(code=now_of(stage, secret))
    await ada.press("Confirm")
    await expect(ada.page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    await ada.sees("two-step, recovery codes")
    codes = await ada.main.locator("li.secret").all_inner_texts()
    await ada.main.get_by_role("link", name="I have kept them").click()
    return secret, codes


def now_of(stage: Stage, secret: str, *, shift: int = 0) -> str:
    """What her app shows; it goes by the services' clock."""
    now = MachineClock(clock_file=stage.stack.clock_file).now()
    return code_of(secret, now, shift=shift)


async def test_two_step_is_offered_once_after_the_enrolment_and_set_up_from_there(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody), declines=False)

        await ada.main.get_by_role("link", name="Set it up").click()
        _, codes = await sets_an_app_up(ada, stage)

        await ada.at("/home")
        await ada.log_off()
        await ada.log_on()
        await ada.fill(code=codes[0])
        await ada.press("Go on")
        await ada.at("/home")
        await ada.go("/gate/two-step")
        await ada.at("/home")


async def test_two_step_declined_is_not_offered_at_the_next_log_on(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody, scripted=False) as ada:
        await ada.enrol(await desk.token_for(somebody), declines=False)
        await ada.go("/home")  # offered, and not required
        await ada.log_off()
        await ada.log_on()
        await ada.decline_two_step()
        await ada.log_off()

        await ada.log_on()

        await ada.at("/home")


async def test_two_step_is_set_up_and_asks_for_a_code_from_then_on(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada, at_portal(somebody) as phone:
        await ada.enrol(await desk.token_for(somebody))
        secret, codes = await sets_two_step_up(ada, stage)

        await phone.log_on()
        await phone.at("/gate/second-step")
        await phone.sees("second step")
        await phone.go("/home")
        await phone.at("/gate/second-step")
        await phone.fill(code="AAAA-AAAA-AAAA-AAAA")
        await phone.press("Go on")
        await expect(phone.page.locator("#code-wrong")).to_be_visible()
        await phone.sees("second step, refused")
        code = now_of(stage, secret, shift=1)
        await phone.fill(code=f"{code[:3]} {code[3:]}")
        await phone.press("Go on")
        await phone.at("/home")
        await phone.go("/gate/second-step")  # as by the back button
        await phone.at("/home")

        await phone.go("/settings/username")
        await phone.fill(username=f"new.{somebody.username}", password=somebody.password)
        await phone.press("Change your username")
        await expect(phone.page.locator("#code-wrong")).to_be_visible()
        await phone.sees("another username, with a code")
        await phone.fill(password=somebody.password, code=codes[0])
        await phone.press("Change your username")
        await phone.at("/settings")


async def test_another_app_takes_the_place_of_the_one_before_with_its_first_code(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with (
        at_portal(somebody) as ada,
        at_portal(somebody, language="es-US", scripted=False) as phone,
    ):
        await ada.enrol(await desk.token_for(somebody))
        before, codes = await sets_two_step_up(ada, stage)
        await phone.log_on()
        await phone.fill(code=codes[0])
        await phone.press()
        await phone.at("/home")
        await phone.go("/settings/two-step")
        await phone.main.get_by_role("link", name="Reemplazar la aplicación").click()
        await phone.at("/settings/two-step/app")
        await expect(phone.main).to_contain_text("y no antes. Sus códigos de recuperación siguen")
        await phone.sees("two-step, before another app, in Spanish")

        await ada.main.get_by_role("link", name="Replace the app").click()
        await ada.at("/settings/two-step/app")
        await expect(ada.main).to_contain_text("The new app takes the place of the one you have")
        await ada.sees("two-step, before another app")
        await ada.fill(password=somebody.password, code=codes[1])
        await ada.press("Go on")
        await ada.at("/settings/two-step/app/confirm")
        after = (await ada.page.locator("#app-secret").inner_text()).replace(" ", "")
        await ada.fill(code=now_of(stage, before))
        await ada.press("Confirm")
        await expect(ada.page.locator("#code-wrong")).to_be_visible()
        await phone.go("/home")
        await phone.at("/home")  # nothing is changed yet
        await ada.fill(code=now_of(stage, after))
        await ada.press("Confirm")
        await ada.at("/settings/two-step")
        await expect(ada.main).to_contain_text("Codes of the one before are not taken any more.")
        await expect(ada.main).to_contain_text("8 left")
        await ada.sees("two-step, app replaced")
        told = await stage.mail(somebody, "authenticator app")
        assert "not-me#" in told.text

        await phone.go("/log-on")
        await phone.log_on()
        await phone.fill(code=now_of(stage, before, shift=1))
        await phone.press()
        await expect(phone.page.locator("#code-wrong")).to_be_visible()
        await phone.fill(code=now_of(stage, after, shift=1))
        await phone.press()
        await phone.at("/home")
        await phone.go("/settings/two-step?said=replaced")  # as it was said to her, in Spanish
        await expect(phone.main).to_contain_text("Los códigos de la anterior ya no se aceptan.")
        await phone.sees("two-step, app replaced, in Spanish")


async def test_two_step_is_turned_off_with_password_and_code_and_without_script(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody, scripted=False) as ada:
        await ada.enrol(await desk.token_for(somebody))
        _, codes = await sets_two_step_up(ada, stage)

        await ada.main.get_by_role("link", name="Make new ones").click()
        await ada.sees("two-step, new recovery codes")
        await ada.fill(password=somebody.password, code=codes[0])
        await ada.press("Make new ones")
        fresh = await ada.main.locator("li.secret").all_inner_texts()
        await ada.main.get_by_role("link", name="I have kept them").click()
        await expect(ada.main).to_contain_text("10 left")
        await ada.main.get_by_role("link", name="Turn it off").click()
        await ada.sees("two-step, turning it off")
        await ada.fill(password=somebody.password, code=codes[1])
        await ada.press("Turn it off")
        await expect(ada.page.locator("#code-wrong")).to_be_visible()
        await ada.fill(password=somebody.password, code=fresh[0])
        await ada.press("Turn it off")
        await expect(ada.main).to_contain_text("Two-step verification is off.")

        await ada.log_off()
        await ada.log_on()
        await ada.at("/home")


async def test_an_account_with_two_step_is_merged_into_one_that_has_it_and_no_other(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    other = somebody.with_another_account(stage.randomness)
    first = await desk.token_for(somebody)
    await desk.move(SECOND)
    second = await desk.token_for(other)
    async with at_portal(other) as eve:
        await eve.enrol(second)
        _, codes = await sets_two_step_up(eve, stage)
    async with at_portal(somebody) as ada:
        await ada.enrol(first)

        await ada.go("/merge")
        await expect(ada.main).to_contain_text("this one must have it first")
        await ada.sees("merge, without two-step")
        await ada.main.get_by_role("link", name="Merge another account into this one").click()
        await ada.fill(username=other.username, password=other.password)
        await ada.press("Continue")
        await expect(ada.summary).to_contain_text("Set it up here first")
        await ada.sees("merge, two-step first")
        await sets_two_step_up(ada, stage)
        await ada.go("/merge/other")
        await ada.fill(username=other.username, password=other.password)
        await ada.press("Continue")
        await expect(ada.page.locator("#code-wrong")).to_be_visible()
        await ada.fill(password=other.password, code=codes[0])
        await ada.press("Continue")
        await ada.at("/merge/confirm")
        await expect(ada.main).to_contain_text("Seeblick")
        await expect(ada.main).not_to_contain_text(other.username)
        await ada.sees("merge, confirm, with two-step")


async def test_five_wrong_codes_lead_back_and_a_lost_phone_to_the_practice(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await sets_two_step_up(ada, stage)
        await ada.log_off()

        await ada.log_on()
        for wrong in range(5):
            await ada.fill(code=f"{wrong}AAA-AAAA-AAAA-AAAA")
            await ada.press("Go on")
        await ada.at("/log-on")
        await expect(ada.main).to_contain_text("Five wrong codes were given.")
        await desk.do(
            somebody,
            "Reset two-step verification",
            "Two-step verification is reset. The patient was told.",
        )
        await ada.log_on()

        await ada.at("/home")


async def test_a_short_password_beside_two_step_does_not_stand_alone(
    stage: Stage, suite: Suite, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    """ID-3, under the policy that asks for length and nothing else."""
    async with (
        suite.otherwise("identity", PORTICO_PASSWORD_POLICY="nist"),
        at_portal(somebody) as ada,
    ):
        await ada.enrol(await desk.token_for(somebody))
        _, codes = await sets_two_step_up(ada, stage)
        await ada.go("/settings/password")
        await expect(ada.main).to_contain_text("At least 8 characters")
        await ada.fill(current=somebody.password, code=codes[0], password=SHORT, again=SHORT)
        await ada.press("Change your password")
        await ada.at("/settings")

        await ada.go("/settings/two-step/off")
        await ada.fill(password=SHORT, code=codes[1])
        await ada.press("Turn it off")
        await expect(ada.summary).to_contain_text("at least 15 characters")
        await ada.sees("two-step, a password too short without it")
        await desk.do(
            somebody,
            "Reset two-step verification",
            "Two-step verification is reset. The patient was told.",
        )
        await ada.go("/log-on")
        await ada.log_on(password=SHORT)
        await ada.at("/gate/new-password")
        await ada.sees("gate, new password")
        await ada.go("/home")
        await ada.at("/gate/new-password")
        await ada.fill(current=SHORT, password="owl herons", again="owl herons")
        await ada.press("Set the password")
        await expect(ada.page.locator("#password-wrong")).to_be_visible()
        await ada.sees("gate, new password, refused")
        await ada.fill(password=LONG, again=LONG)
        await ada.press("Set the password")
        await ada.at("/home")


async def test_who_is_un_enrolled_and_has_lost_her_phone_reads_what_comes_first(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await sets_two_step_up(ada, stage)
        await desk.do(somebody, "Un-enrol", "The patient is un-enrolled.")
        await ada.go("/log-on")
        await ada.log_on()
        await ada.at("/gate/second-step")
        await expect(ada.main).to_contain_text("must enrol you again first")
        await ada.go("/help")
        await expect(ada.main).to_contain_text("Ask one of them to enrol you again.")
        await ada.sees("help")

        await desk.visitor.go(f"{desk.url}/patients/{somebody.patient_id}")
        note = "Un-enrolled: re-activate the patient before"
        await expect(desk.page.locator("main")).to_contain_text(note)
        await desk.page.get_by_role("button", name="Reset two-step verification").click()
        await expect(desk.page.locator("#summary")).to_contain_text("Re-activate the patient first")
        await desk.do(somebody, "Re-activate", "The patient is enrolled again.")
        await desk.do(
            somebody,
            "Reset two-step verification",
            "Two-step verification is reset. The patient was told.",
        )
        await ada.log_on()
        await ada.at("/home")
