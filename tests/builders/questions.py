"""Five security questions as somebody answers them, and the bank they come from (RC-8)."""

from collections.abc import Mapping, Sequence
from typing import Any

FIVE: Mapping[str, str] = {
    "first-pet": "Biscuit the Second",
    "childhood-street": "Orchard Row",
    "first-job": "Port Larkin",
    "first-dish": "Barley soup",
    "oldest-cousin": "Wendeline",
}
OTHERS: Mapping[str, str] = {code: f"{answer} again" for code, answer in FIVE.items()}
WRONG_ANSWER = "nothing I remember"


def chosen(answers: Mapping[str, str] = FIVE) -> list[dict[str, str]]:
    """As the verb takes them."""
    return [{"code": code, "answer": answer} for code, answer in answers.items()]


def answered(asked: Sequence[str], answers: Mapping[str, str] = FIVE) -> list[dict[str, str]]:
    """The answers to two that were asked, wrong ones where there are none."""
    return [{"code": code, "answer": answers.get(code, WRONG_ANSWER)} for code in asked]


def codes(reply: Mapping[str, Any]) -> list[str]:
    """What a reply asks."""
    return [question["code"] for question in reply["questions"]]
