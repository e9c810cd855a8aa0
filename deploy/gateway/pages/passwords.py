"""New passwords: the rules beside the field, each met or not (ID-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.doors.identity import Candidate, Judged, List
from deploy.gateway.flows import EnrolFlow
from deploy.gateway.pages.site import ANYBODY, Site
from deploy.gateway.web.forms import SECRET, Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Route, action, once_more, wrong
from deploy.gateway.web.sentences import FIELDS
from deploy.gateway.web.visits import Visit

NewPassword = Annotated[str, SECRET, Meta(max_length=4096)]

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "long_enough": N_("At least %(minimum)s characters"),
        "not_too_long": N_("At most %(maximum)s characters"),
        "has_upper": N_("A capital letter"),
        "has_lower": N_("A small letter"),
        "has_digit": N_("A digit"),
        "has_special": N_("A special character such as ! or #"),
        "printable": N_("No invisible characters"),
        "not_common": N_("Not a commonly used password"),
        "not_username": N_("Not your username"),
        "not_email": N_("Not your e-mail address"),
        "not_name": N_("Not your name"),
        "not_birth_date": N_("Not your date of birth"),
        "not_practice_or_portal": N_("Not the name of your practice or of this portal"),
        "not_recent": N_("None of your last %(last)s passwords"),
    }
)
ON_SAVING = "on_saving"
NOT_YET = "not_met"
MET = "met"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A rule as a page shows it."""

    code: str
    text: str
    state: str
    list: List | None = None  # what it is compared with, for who wants to read that


class CandidateForm(Form, frozen=True, kw_only=True):
    """What the page knows while one types; each makes one more rule tell."""

    candidate: NewPassword = ""
    username: str = ""


async def marks(
    site: Site, visit: Visit, failed: frozenset[str], judged: Judged | None = None
) -> list[Mark]:
    """List every rule: none met as long as nothing was sent, else those that were not. They are
    those of `judged`, where a session has some of its own: two-step lets a password be shorter.
    """
    judged = judged or await site.identity.check_password(visit, Candidate(candidate=""))
    sent = bool(failed & {rule.code for rule in judged.rules})
    found = []
    for rule in judged.rules:
        if rule.code not in TEXTS:
            continue
        state = MET if sent and rule.code not in failed else NOT_YET
        if rule.state == ON_SAVING and rule.code not in failed:
            state = ON_SAVING
        text = visit.say(TEXTS[rule.code], **rule.params)
        found.append(Mark(code=rule.code, text=text, state=state, list=rule.list))
    return found


def differing(visit: Visit, filled: Filled) -> Filled:
    """The form again, where the password was typed twice and not alike."""
    problem = wrong(visit, "again", FIELDS["passwords_differ"])
    return Filled(key=filled.key, typed=filled.typed, problems=(problem,), status=422)


async def judge(site: Site, visit: Visit, sent: CandidateForm, key: str) -> web.Response:
    """Tell a page's script which rules are met, and nothing else."""
    flow = flows.carried(visit, EnrolFlow)
    judged = await site.identity.check_password(visit, candidate(sent, flow))
    return web.json_response({"rules": states(judged)})


def candidate(sent: CandidateForm, flow: EnrolFlow | None) -> Candidate:
    """Put beside the password what is known of the person."""
    proof = flow.proof if flow else None
    return Candidate(
        candidate=sent.candidate,
        username=sent.username[:150] or None,
        email=flow.email if flow else None,
        last_name=proof.last_name if proof else None,
        birth_date=proof.birth_date if proof else None,
        practice_name=flow.practice if flow else None,
    )


def states(judged: Judged) -> dict[str, str]:
    return {rule.code: rule.state for rule in judged.rules}


ROUTES: tuple[Route[Site], ...] = action(
    "/password-rules", ANYBODY, FormPage(form=CandidateForm, show=once_more, submit=judge)
)
