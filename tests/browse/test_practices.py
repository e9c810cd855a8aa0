"""Stories 2, 7, 19 and 23: tokens, practices of one account, and two accounts made one."""

from dataclasses import replace

import pytest
from playwright.async_api import expect

from deploy.client.eventually import eventually
from deploy.local.caught import FaultKind
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from deploy.tour.two_accounts import MONTHS_AND_A_DAY
from tests.browse.conftest import AtPortal
from tests.browse.desk import SECOND, Desk
from tests.browse.test_two_step import now_of, sets_two_step_up

MOST_WRONG_TRIES = 5
TOKEN_SECONDS = 72 * 3600
CODE_SECONDS = 30
ENDED = "This practice has ended your enrolment."


async def test_a_newer_token_voids_the_older_and_both_mistakes_are_one_sentence(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    older = await desk.token_for(somebody)
    newer = await desk.issue()
    async with at_portal(somebody) as ada:
        said = []
        for token, last_name in ((older, somebody.last_name), (newer, "Somebody-Else")):
            ada.person.last_name, kept = last_name, ada.person.last_name
            said.append(await ada.refused(token))
            ada.person.last_name = kept
            await ada.visitor.context.clear_cookies()

        assert said[0] == said[1]
        await ada.enrol(newer)


async def test_a_token_that_was_guessed_at_or_is_too_old_is_refused_by_that_sentence_as_well(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    guessed = await desk.token_for(somebody)
    birth_date = somebody.birth_date
    async with at_portal(somebody) as ada:
        said = set()
        for day in range(1, 1 + MOST_WRONG_TRIES):
            somebody.birth_date = f"1999-01-{day:02}"
            said.add(await ada.refused(guessed))
        somebody.birth_date = birth_date
        said.add(await ada.refused(guessed))
        await desk.visitor.go(f"{desk.url}/patients/{somebody.patient_id}")
        late = await desk.issue()
        stage.let_time_pass(TOKEN_SECONDS)
        said.add(await ada.refused(late))

        assert len(said) == 1, said


async def test_a_practice_is_added_to_the_account_she_has(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    first = await desk.token_for(somebody)
    await desk.move(SECOND)
    anothers = await desk.token_for(replace(somebody, birth_date="1951-02-03"))
    second = await desk.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.enrol(first)
        await ada.log_off()
        await ada.page.get_by_role("link", name="Make an account").click()
        await ada.page.get_by_role("link", name="I have a token, and an account already").click()
        await ada.sees("enrol, add a practice")

        words = {"username": somebody.username, "password": somebody.password}
        await ada.fill(**words, token="AAAA-BBBB-CCCC-DDDD")
        await ada.press()
        await expect(ada.summary).to_be_visible()
        await ada.sees("enrol, add a practice, refused")
        await ada.fill(**words, token=anothers)
        await ada.press()
        await expect(ada.summary).to_contain_text("a different name or date of birth")
        await ada.fill(**words, token=second)
        await ada.press()

        await ada.at("/home")
        await expect(ada.main).to_contain_text("Lindenhof")
        await expect(ada.main).to_contain_text("Seeblick")
        await ada.sees("home, two practices")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en-US", "Wait until your app shows another one, half a minute at most,"),
        ("es-US", "Espere a que su aplicación muestre otro, medio minuto como máximo,"),
    ],
)
async def test_who_adds_a_practice_with_her_code_reads_that_the_log_on_takes_the_next_one_and_why(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person, language: str, said: str
) -> None:
    first = await desk.token_for(somebody)
    await desk.move(SECOND)
    second = await desk.token_for(somebody)
    async with (
        at_portal(somebody) as ada,
        at_portal(somebody, language=language, scripted=language == "en-US") as phone,
    ):
        await ada.enrol(first)
        secret, _ = await sets_two_step_up(ada, stage)
        await phone.go("/log-on")
        await phone.main.locator("a[href='/enrol']").click()
        await phone.main.locator("a[href='/enrol/add']").click()
        words = {"username": somebody.username, "password": somebody.password}
        await phone.fill(**words, token=second)
        await phone.press()
        await expect(phone.page.locator("#code-wrong")).to_be_visible()
        await phone.sees(f"enrol, add a practice, with a code, {language}")
        code = now_of(stage, secret, shift=1)
        await phone.fill(password=somebody.password, code=code)
        await phone.press()

        await phone.at("/gate/second-step")
        await expect(phone.main).to_contain_text(said)
        await phone.sees(f"second step, after a practice was added, {language}")
        await phone.go("/home")
        await phone.at("/gate/second-step")  # nothing of the account before
        await expect(phone.main).not_to_contain_text(said)
        await phone.page.go_back()
        await phone.fill(code=code)
        await phone.press()
        await expect(phone.page.locator("#code-wrong")).to_be_visible()
        await expect(phone.main).to_contain_text(said)
        await phone.sees(f"second step, after a practice was added, refused, {language}")
        stage.let_time_pass(CODE_SECONDS)
        await phone.fill(code=now_of(stage, secret, shift=1))
        await phone.press()

        await phone.at("/home")
        await expect(phone.main).to_contain_text("Lindenhof")
        await expect(phone.main).to_contain_text("Seeblick")


async def test_in_her_settings_she_adds_a_practice_with_her_password_alone(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    first = await desk.token_for(somebody)
    await desk.move(SECOND)
    second = await desk.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.enrol(first)
        await ada.go("/settings")
        await ada.main.get_by_role("link", name="Add a practice").click()
        await ada.at("/settings/practices/add")
        await ada.sees("settings, add a practice")
        await ada.fill(token=second, password="Wrong-1-Word")
        await ada.press()
        await expect(ada.summary).to_contain_text("not the password of your account")
        await ada.sees("settings, add a practice, refused")
        await ada.fill(token=second, password=somebody.password)
        await ada.press()

        await ada.at("/home")
        await expect(ada.main).to_contain_text("Lindenhof")
        await expect(ada.main).to_contain_text("Seeblick")


async def test_two_accounts_are_made_one_though_she_presses_twice(
    desk: Desk, stage: Stage, at_portal: AtPortal, somebody: Person
) -> None:
    twin = somebody.with_another_account(stage.randomness)
    first = await desk.token_for(somebody)
    await desk.move(SECOND)
    second = await desk.token_for(twin)
    async with at_portal(twin) as bea:
        await bea.enrol(second)
    async with at_portal(somebody) as ada:
        await ada.enrol(first)
        await ada.go("/settings")
        await ada.main.get_by_role("link", name="Merge").click()
        await ada.sees("merge")
        await ada.main.get_by_role("link", name="Merge another account into this one").click()
        await ada.sees("merge, the other account")
        await ada.fill(username=twin.username, password="Wrong-1-Word")
        await ada.press()
        await expect(ada.summary).to_be_visible()
        await ada.sees("merge, the other account, refused")
        await ada.fill(username=twin.username, password=twin.password)
        await ada.press()
        await ada.at("/merge/confirm")
        await ada.sees("merge, confirm")
        await ada.fill(password=somebody.password)
        await ada.press()
        await expect(ada.summary).to_contain_text("cannot be undone")
        await ada.sees("merge, confirm, refused")
        await ada.page.locator("#confirm").check()
        await ada.fill(password=somebody.password)

        await ada.page.get_by_role("button", name="Merge the accounts").dblclick()

        heading = ada.main.get_by_role("heading", level=1)
        while await heading.inner_text() == "The merge is under way":
            await ada.main.get_by_role("link", name="Look again").click()
        await expect(heading).to_have_text("Your accounts are one")
        await ada.sees("merge, done")
        await ada.go("/merge")
        await expect(ada.main.locator("#merges ~ ul li")).to_have_count(1)
        await ada.go("/home")
        await expect(ada.main).to_contain_text("Seeblick")
        await ada.log_off()
        await ada.log_on(name=twin.username, password=twin.password)
        await expect(ada.summary).to_be_visible()
        await ada.sees("log-on, merged")


async def test_a_practice_that_has_her_twice_settles_which_record_it_keeps(
    desk: Desk, stage: Stage, at_portal: AtPortal, somebody: Person
) -> None:
    twin = somebody.with_another_account(stage.randomness)
    first = await desk.token_for(somebody)
    second = await desk.token_for(twin)
    async with at_portal(twin) as bea:
        await bea.enrol(second)
    async with at_portal(somebody) as ada:
        await ada.enrol(first)
        await ada.go("/merge/other")
        await ada.fill(username=twin.username, password=twin.password)
        await ada.press()
        await ada.page.locator("#confirm").check()
        await ada.fill(password=somebody.password)
        await ada.press("Merge the accounts")
        heading = ada.main.get_by_role("heading", level=1)
        while await heading.inner_text() == "The merge is under way":
            await ada.main.get_by_role("link", name="Look again").click()
        listed = desk.page.locator("li", has_text=str(twin.patient_id))

        await desk.visitor.go(f"{desk.url}/merge-conflicts")
        await listed.get_by_role("link", name="Settle").click()
        await desk.visitor.sees("desk, which record stays")
        keep = desk.page.get_by_label(f"Only this one: {somebody.first_name} {somebody.last_name}")
        await keep.and_(desk.page.locator(f"[value='{somebody.patient_id}']")).check()
        await desk.page.get_by_role("button", name="Continue").click()
        await expect(desk.page.get_by_text("is mailed nothing")).to_be_visible()
        await desk.visitor.sees("desk, settle a duplicate chart")
        await desk.page.get_by_role("button", name="Settle it").click()
        await expect(desk.page.locator("#summary")).to_be_visible()
        await desk.visitor.sees("desk, settle a duplicate chart, refused")
        await desk.page.get_by_label("Reason").fill("One person, registered twice")
        await desk.page.get_by_role("button", name="Settle it").click()
        await expect(desk.page.get_by_role("status")).to_contain_text("It is settled.")
        await desk.visitor.sees("desk, a duplicate chart is settled")

        async def gone() -> None:
            await desk.visitor.go(f"{desk.url}/merge-conflicts")
            await expect(listed).to_have_count(0, timeout=500)

        await eventually(gone, within=20)
        await ada.go("/home")
        await expect(ada.main).to_contain_text("Lindenhof")
        await desk.visitor.go(f"{desk.url}/patients/{twin.patient_id}")
        await expect(desk.page.get_by_text("Un-enrolled", exact=True)).to_be_visible()


async def test_a_merge_that_is_offered_at_the_log_on_waits_three_months_and_stands_at_home_then(
    desk: Desk, stage: Stage, at_portal: AtPortal, somebody: Person
) -> None:
    twin = somebody.with_another_account(stage.randomness)
    reachable = {"Home phone": somebody.home_phone}
    await desk.register(somebody, **reachable)
    first = await desk.issue()
    await desk.move(SECOND)
    await desk.register(twin, **reachable)
    second = await desk.issue()
    async with at_portal(somebody) as ada:
        await ada.enrol(first)
        async with at_portal(twin) as bea:
            await bea.enrol(second, declines=False)
            await bea.main.get_by_role("button").click()
            await bea.at("/gate/merge")
        await ada.log_off()
        await ada.log_on()
        await ada.at("/gate/merge")
        await expect(ada.main).to_contain_text("Seeblick")
        await expect(ada.main).to_contain_text(f"{twin.username[0]}•••{twin.username[-1]}")
        await ada.sees("gate, merge")
        await ada.page.get_by_role("button", name="Español").click()
        await expect(ada.main).to_contain_text("Probablemente tiene otra cuenta.")
        await ada.page.get_by_role("button", name="English").click()
        await ada.press("Skip for now")
        await ada.at("/home")
        await expect(ada.main).to_contain_text("at any time in your settings")
        await ada.log_off()
        await ada.log_on()
        await ada.at("/home")
        await ada.go("/merge")
        await expect(ada.main).to_contain_text("Accounts that are likely yours")
        await ada.sees("merge, likely accounts")

        stage.let_time_pass(MONTHS_AND_A_DAY)
        await ada.go("/log-on")
        await ada.log_on()
        await ada.at("/home")
        await expect(ada.page.locator("#merge")).to_be_visible()
        await ada.sees("home, a merge is offered")
        await ada.press("Skip for now")
        await ada.at("/home")
        await expect(ada.page.locator("#merge")).to_have_count(0)


async def test_she_is_un_enrolled_in_the_middle_of_a_page_and_taken_back(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    first = await desk.token_for(somebody)
    await desk.move(SECOND)
    second = await desk.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.enrol(first)
        await ada.main.get_by_role("link", name="Add a practice").click()
        await ada.fill(token=second, password=somebody.password)
        await ada.press()
        await ada.at("/home")

        await desk.do(somebody, "Un-enrol", "The patient is un-enrolled.")
        await ada.page.locator("nav a[href='/home']").click()

        await expect(ada.main).to_contain_text(ENDED)
        await ada.sees("home, one practice left")
        await desk.do(somebody, "Re-activate", "The patient is enrolled again.")
        await ada.page.locator("nav a[href='/home']").click()
        await expect(ada.main).not_to_contain_text(ENDED)


async def test_her_last_practice_takes_her_out_and_logging_on_says_whom_to_contact(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    token = await desk.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.enrol(token)

        await desk.do(somebody, "Un-enrol", "The patient is un-enrolled.")
        await ada.page.locator("nav a[href='/home']").click()

        await expect(ada.page).to_have_title("Log on – Portico")
        await ada.log_on()
        await ada.at("/contact-your-practice")
        await expect(ada.main).to_contain_text("No practice is left in your account")
        await expect(ada.main).to_contain_text("Not enrolled")
        await ada.sees("contact, not enrolled")
        await ada.go("/settings/sessions")
        await ada.at("/contact-your-practice")
        await ada.go("/settings")
        await ada.at("/settings")
        await ada.sees("settings, no practice left")

        await desk.do(somebody, "Re-activate", "The patient is enrolled again.")
        await ada.page.locator("nav a[href='/home']").click()
        await ada.at("/home")
        await expect(ada.main).not_to_contain_text(ENDED)


async def test_a_practice_writes_and_she_reads_it_and_sees_what_was_sent(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    token = await desk.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.enrol(token)
        mark = await ada.mailbox.newest()

        await desk.tell(somebody)
        mail = await ada.mailbox.wait_for(somebody.address, after=mark, within=30)

        assert "Lindenhof" in mail.text
        await ada.go("/sent")
        await expect(ada.main.locator("section", has_text="From your practices")).to_contain_text(
            "Sent"
        )
        await ada.sees("sent, two mails")
        await ada.go("/home")
        notice = ada.main.locator(".notices li").first
        await notice.get_by_role("button", name="Mark as read").click()
        await expect(notice.get_by_text("New", exact=True)).to_have_count(0)
        before = await ada.main.locator(".notices > li").count()
        await notice.get_by_role("button", name="Put away").click()
        await expect(ada.main.locator(".notices > li")).to_have_count(before - 1)
        await desk.visitor.go(f"{desk.url}/deliveries")
        await desk.visitor.sees("desk, what was sent")
        for path in ("/merge-conflicts", "/settings", "/disclaimer", "/dormant"):
            await desk.visitor.go(desk.url + path)
            await desk.visitor.sees(f"desk, {path[1:]}")


async def test_what_may_not_have_arrived_is_sent_again_from_the_desk(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await ada.mailbox.fail(FaultKind.DROP_AFTER_DATA)
        await desk.tells(somebody, "message")
        again = desk.page.get_by_role("button", name="Send again")

        async def is_unknown() -> None:
            await desk.visitor.go(f"{desk.url}/deliveries?patient_id={somebody.patient_id}")
            await expect(again).to_be_visible(timeout=500)

        await eventually(is_unknown, within=20)
        await desk.visitor.sees("desk, what may not have arrived")
        await again.click()
        await expect(desk.page.get_by_role("status")).to_contain_text("It is sent again.")
        await desk.visitor.sees("desk, sent again")

        async def twice() -> None:
            found = await ada.mailbox.to(somebody.address)
            assert len([mail for mail in found if "Something new" in mail.subject]) == 2

        await eventually(twice, within=20)
