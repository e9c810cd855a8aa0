"""How a mail server's replies are judged."""

import pytest

from services.notify.sending.channels.answers import Step, answered, died_before_the_mail
from services.notify.sending.channels.conversation import CUT_SHORT, UNANSWERED, UNSENT
from services.notify.sending.channels.replies import Reply
from services.notify.sending.model import Outcome, Phase
from services.notify.tellings.model import Reason

CODES = (
    ("421", "4.3.2", Outcome.DEFERRED),
    ("451", "4.7.1", Outcome.DEFERRED),
    ("452", "5.2.2", Outcome.DEFERRED),
    ("503", "", Outcome.DEFERRED),
    ("530", "", Outcome.DEFERRED),
    ("530", "5.7.0", Outcome.DEFERRED),
    ("535", "5.7.8", Outcome.DEFERRED),
    ("550", "5.0.0", Outcome.DEFERRED),
    ("550", "5.1.7", Outcome.DEFERRED),
    ("553", "5.1.8", Outcome.DEFERRED),
    ("550", "5.7.1", Outcome.DEFERRED),
    ("552", "5.3.4", Outcome.DEFERRED),
    ("554", "5.4.4", Outcome.DEFERRED),
    ("554", "5.6.0", Outcome.DEFERRED),
    ("554", "5.7.1", Outcome.DEFERRED),
)
OF_RECIPIENT = (
    ("501", ""),
    ("550", ""),
    ("550", "5.1.1"),
    ("550", "5.1.10"),
    ("550", "5.2.1"),
    ("551", ""),
    ("552", "5.2.2"),
    ("553", "5.1.3"),
    ("554", ""),
)


@pytest.mark.proves("NT-6")
@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize(
    ("code", "enhanced", "outcome"),
    [
        *CODES,
        *((code, enhanced, None) for code, enhanced in OF_RECIPIENT),
    ],
)
def test_final_is_only_a_refusal_that_means_the_recipient(
    step: Step, code: str, enhanced: str, outcome: Outcome | None
) -> None:
    answer = answered(step, Reply(int(code), f"{enhanced} so it is".strip()))

    final = outcome is None and step is Step.RCPT
    assert answer.outcome is (Outcome.REFUSED if final else outcome or Outcome.DEFERRED)
    assert answer.ours_to_mend is (code[0] == "5" and not final)
    assert answer.sender_refused is (answer.ours_to_mend and step is Step.MAIL)
    assert answer.phase is (Phase.ANSWERED if step is Step.DOT else Phase.BEFORE_DOT)


OF_UTF8 = ("501", "550", "553", "555", "550 5.6.7", "553 5.6.7", "501 5.5.4", "555 5.5.4")
OF_US = ("503", "530", "530 5.7.0", "550 5.7.1", "550 5.1.0", "553 5.1.8")


@pytest.mark.proves("NT-6")
@pytest.mark.parametrize("says", [*OF_UTF8, *OF_US])
def test_a_refused_mail_command_with_smtputf8_is_of_its_own_mail_alone(says: str) -> None:
    code, _, enhanced = says.partition(" ")
    reply = Reply(int(code), f"{enhanced} so it is".strip())

    answer = answered(Step.MAIL, reply, utf8=True)

    assert not answer.sender_refused
    final = says in OF_UTF8
    assert answer.outcome is (Outcome.REFUSED if final else Outcome.DEFERRED)
    assert answer.reason is (Reason.SMTPUTF8_MISSING if final else Reason.REFUSED)
    assert answer.ours_to_mend is not final
    assert answered(Step.MAIL, reply).sender_refused


def test_what_is_refused_behind_smtputf8_is_judged_as_ever() -> None:
    for step, says in ((Step.RCPT, "5.1.1 no"), (Step.RCPT, "5.6.7 no"), (Step.DATA, "5.6.7 no")):
        assert answered(step, Reply(550, says), utf8=True) == answered(step, Reply(550, says))


@pytest.mark.proves("NT-5")
@pytest.mark.parametrize("code", [220, 250, 252, 334, 354])
@pytest.mark.parametrize("step", [Step.MAIL, Step.RCPT, Step.DATA])
def test_nothing_is_accepted_before_its_final_dot(step: Step, code: int) -> None:
    assert answered(step, Reply(code, "")).outcome is Outcome.DEFERRED


@pytest.mark.parametrize(
    ("step", "codes"),
    [(Step.MAIL, {250}), (Step.RCPT, {250, 251}), (Step.DATA, {354})],
)
def test_the_next_step_follows_what_the_standard_gives_as_agreement(
    step: Step, codes: set[int]
) -> None:
    assert {code for code in range(200, 600) if step.agrees(Reply(code, ""))} == codes


def test_a_reply_that_is_no_verdict_is_no_answer() -> None:
    assert answered(Step.DOT, Reply(250, "")).outcome is Outcome.ACCEPTED
    assert answered(Step.DOT, Reply(354, "")).outcome is Outcome.UNANSWERED


def test_the_enhanced_code_is_kept_and_the_text_is_not() -> None:
    answer = answered(Step.RCPT, Reply(550, "5.1.1 a@mail.example is unknown"))

    assert (answer.code, answer.enhanced_code) == (550, "5.1.1")
    assert "mail.example" not in repr(answer)


def test_a_connection_that_closed_while_idle_is_no_attempt() -> None:
    closing = answered(Step.MAIL, Reply(421, ""))
    greylisted = answered(Step.RCPT, Reply(451, ""))

    assert died_before_the_mail(CUT_SHORT)
    assert died_before_the_mail(closing)
    assert not died_before_the_mail(greylisted)
    assert not died_before_the_mail(UNSENT)  # it would be marked twice
    assert not died_before_the_mail(UNANSWERED)
