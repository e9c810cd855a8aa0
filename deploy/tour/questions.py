"""Five security questions: asked for at the log-on, and two of them for a new password."""

from typing import Any

from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage


async def security_questions(stage: Stage, _: Person) -> None:
    """Somebody at a practice that asks for five questions sets them, forgets her password, and
    answers two. The demo's practices ask for none but meanwhile.
    """
    practice = stage.stack.neighbour
    desk = await acts.client_token(stage, practice)
    asks = {**acts.AT_THE_DESK, "security_questions": True}
    await stage.call("change_practice_settings", 200, token=desk, body=asks)
    person = Person.met_for_the_first_time(stage.randomness)
    answers = await chosen(stage)
    with stage.step("At her log-on five security questions come before all else", "LG-3, RC-8"):
        person.patient_id, token = await acts.enrolment_token(stage, practice, person)
        await acts.enrol(stage, person, token)
        await acts.log_on(stage, person, person.username, person.password)
        bearer = person.tokens["access_token"]
        secret = acts.secret_of(await stage.mail(person, "Welcome"))
        await stage.call("verify_email", 200, token=bearer, body={"token": secret})
        stage.insist(person.tokens["scope"] == "gates", "a session without questions is full")
        await acts.set_questions(stage, person, answers)
        stage.insist(person.tokens["scope"] == "full", f"it is still {person.tokens['scope']}")
        await stage.mail(person, "security questions")
        stage.tell("five are set, she is told with a link that says it was not her")
    with stage.step("She forgets her password, and is asked two of them", "RC-4"):
        name = {"name": person.username}
        nobody = await stage.call("ask_security_questions", 200, body={"name": "nobody.at.all"})
        asked = await stage.call("ask_security_questions", 200, body=name)
        stage.insist(len(nobody.body["questions"]) == 2, "nobody is asked otherwise")
        for question in asked.body["questions"]:
            stage.tell(question["text"])
        wrong = {**name, "answers": answered(asked.body, dict.fromkeys(answers, "no idea"))}
        verb = "answer_security_questions"
        await stage.refused(verb, 422, "answers_refused", body=wrong, source=person.source)
        right = {**name, "answers": answered(asked.body, answers)}
        proven = await stage.call(verb, 200, body=right, source=person.source)
        person.password = f"Copper!Lantern-{stage.randomness.digits(4)}"
        reset = {"grant": proven.body["grant"], "new_password": person.password}
        answer = await stage.call("reset_password", 200, body=reset, source=person.source)
        person.tokens = answer.body
        await stage.mail(person, "was set anew")
        stage.tell("right answers to both: a new password, and a session")
    asks["security_questions"] = False
    await stage.call("change_practice_settings", 200, token=desk, body=asks)


async def chosen(stage: Stage) -> dict[str, str]:
    """Five of the bank, with answers that nobody has given."""
    bank = await stage.call("list_security_questions", 200)
    mark = stage.randomness.crockford(8)
    return {
        question["code"]: f"{question['code']} {mark}" for question in bank.body["questions"][:5]
    }


def answered(asked: dict[str, Any], answers: dict[str, str]) -> list[dict[str, str]]:
    """The answers to the two that are asked."""
    return [{"code": one["code"], "answer": answers[one["code"]]} for one in asked["questions"]]
