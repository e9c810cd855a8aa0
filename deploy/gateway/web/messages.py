"""Problems as pages show them: a code's sentence at its field, in the page's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from deploy.gateway.web.languages import N_, Language
from deploy.gateway.web.refusals import Refused
from deploy.gateway.web.sentences import CODES, SEND_AGAIN, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A message as a page shows it, in its language."""

    text: str
    field: str | None = None
    step: Step | None = None
    wait: str | None = None


def of_refusal(refused: Refused, language: Language, fields: Mapping[str, str]) -> list[Problem]:
    """Shape a service's refusal: each field's own problems where it named some that the form has,
    else its code.
    """
    found = []
    for error in refused.errors:
        field = fields.get(error.field)
        known = CODES.get(error.code)
        if field is not None and known is not None:
            found.append(Problem(text=language.say(known.text), field=field))
    if found:
        return found
    told = {name: value for error in refused.errors for name, value in error.params.items()}
    return [of_code(refused.code, language, fields, wait=refused.retry_after, told=told)]


def of_code(
    code: str,
    language: Language,
    fields: Mapping[str, str],
    *,
    wait: int | None = None,
    told: Mapping[str, object] = MappingProxyType({}),
) -> Problem:
    """Shape one code, at the field that the form has for it, else at the code's own."""
    message = CODES.get(code, SEND_AGAIN)
    own = message.field if message.field in fields.values() else None
    shown = fields.get(code, own)
    try:
        text = language.say(message.told_more or message.text, **told)
    except KeyError:
        text = language.say(message.text)
    return Problem(
        text=text,
        field=shown,
        step=translated(message.step, language),
        wait=in_words(wait, language) if wait is not None else None,
    )


def translated(step: Step | None, language: Language) -> Step | None:
    return Step(path=step.path, text=language.say(step.text)) if step else None


def in_words(seconds: int, language: Language) -> str:
    """Say how long to wait, as people do: rounded up."""
    if seconds < 60:
        return language.say(N_("Please wait %(count)s seconds."), count=seconds)
    if seconds < 7200:
        return language.say(N_("Please wait %(count)s minutes."), count=-(-seconds // 60))
    return language.say(N_("Please wait %(count)s hours."), count=-(-seconds // 3600))
