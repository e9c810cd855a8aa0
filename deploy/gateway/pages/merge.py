"""Merge Your Account: two accounts of one person made one, for good (MG-1 to MG-9)."""

import asyncio
from collections.abc import Mapping
from textwrap import shorten
from typing import Annotated

from aiohttp import web
from msgspec import Meta, structs

from deploy.gateway import flows
from deploy.gateway.doors.identity import Owned
from deploy.gateway.doors.merge import Merge, MergeRequest
from deploy.gateway.flows import MergeFlow
from deploy.gateway.gates import next_page
from deploy.gateway.pages.ceremonies import Answered, answer_of, begun
from deploy.gateway.pages.confirmations import PROOF_FIELDS, Code, Proof, grant_once
from deploy.gateway.pages.site import HOLDER, Site, offer
from deploy.gateway.session import HOME, Inside
from deploy.gateway.web.forms import SECRET, Filled, Form, FormPage, NoForm
from deploy.gateway.web.languages import N_
from deploy.gateway.web.refusals import Refused
from deploy.gateway.web.routes import Mistyped, Nothing, Route, action, button, form, page
from deploy.gateway.web.sentences import CODES
from deploy.gateway.web.visits import see

VERB = "merge"  # what the password is given again for
LOOKS, PAUSE = 8, 0.25  # seconds; most merges are done in one
LONGEST = 400  # of the names of practices: they are kept in a cookie
REUSED = "idempotency_key_reused"
REASONS: Mapping[str, str] = {  # why a merge was refused that no verb is
    "merge_person_mismatch": N_(
        "The two accounts have different names or dates of birth, so they were not merged. Ask "
        "your practice to correct what is wrong."
    ),
    "merge_review_rejected": N_(
        "A practice did not confirm that both accounts are yours. Only your practice can tell you "
        "why."
    ),
    "merge_review_expired": N_(
        "No practice decided in time. Call your practices, and ask for it again."
    ),
}


class OtherForm(Form, frozen=True, kw_only=True):
    username: str
    password: Annotated[str, SECRET, Meta(max_length=4096)]
    code: Code = ""  # asked for once the password was right, where two-step is on there


class ConfirmForm(Proof, frozen=True, kw_only=True):
    confirm: bool = False


async def show(site: Site, visit: Inside) -> web.Response:
    """Say what a merge is and with whom it is likely (MG-8), and show those that were asked for."""
    found = await site.sessions.ask(visit, "merge", site.merging.each)
    likely = await offer(site, visit)
    return site.page(
        visit,
        "merge.html",
        merges=found.merges,
        account=await site.account(visit),
        candidates=likely.candidates if likely else (),
    )


async def show_other(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for the other account's own username and password, or for a passkey of its."""
    return site.page(
        visit,
        "merge_other.html",
        filled=filled,
        account=await site.account(visit),
        said=flows.said(visit),
    )


async def prove_other(site: Site, visit: Inside, sent: OtherForm, key: str) -> web.Response:
    """Prove the other account, and carry the proof on to be confirmed."""
    proof = await site.sessions.ask(
        visit, "identity", site.identity.prove, sent.username, sent.password, sent.code
    )
    return go_on(visit, proof)


async def ask_other(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Begin a ceremony, for the page's script; whose passkeys could answer it is not said."""
    return await begun(site.sessions.ask(visit, "identity", site.passkeys.to_own))


async def prove_other_by_passkey(
    site: Site, visit: Inside, sent: Answered, key: str
) -> web.Response:
    """Likewise by one of the other account's passkeys: it is a whole proof."""
    answer = answer_of(sent)
    if answer is None:
        raise NoForm(400)
    proof = await site.sessions.ask(visit, "identity", site.identity.prove_by_passkey, answer)
    return go_on(visit, proof)


def go_on(visit: Inside, proof: Owned) -> web.Response:
    """Carry the proof on to where the merge is confirmed."""
    practices = shorten(", ".join(proof.practices), LONGEST, placeholder=" …")
    flow = MergeFlow(owned=proof.grant, name=proof.username, practices=practices)
    flows.carry(visit, flow)
    return see("/merge/confirm")


async def show_confirm(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Show which account stays and which closes."""
    flow = flows.followed(visit, MergeFlow)
    return site.page(
        visit,
        "merge_confirm.html",
        filled=filled,
        account=await site.account(visit),
        other=flow.name,
        practices=flow.practices,
    )


async def confirm(site: Site, visit: Inside, sent: ConfirmForm, key: str) -> web.Response:
    """Ask for the merge with both proofs, and look for a moment how it goes."""
    flow = flows.followed(visit, MergeFlow)
    if not sent.confirm:
        raise Mistyped("confirm", CODES["merge_confirmation_required"].text)
    own = await grant_once(site, visit, VERB, sent)
    asked = MergeRequest(reauthenticated=own, owned=flow.owned, confirm=True)
    merge = await requested_once(site, visit, asked, key)
    flows.drop(visit, MergeFlow)
    visit.kept = structs.replace(visit.kept, merged=True)
    site.sessions.keep(visit, visit.kept)
    await followed(site, visit, merge)
    return see(f"/merge/{merge.merge_id}")


async def requested_once(site: Site, visit: Inside, asked: MergeRequest, key: str) -> Merge:
    """Ask for the merge. A form that is sent twice brings a proof of one's own password twice, so
    the second is other contents under the same key: what it asks for is the merge that the first
    has begun.
    """
    try:
        return await site.sessions.ask(visit, "merge", site.merging.request, asked, key=key)
    except Refused as refused:
        if refused.code != REUSED:
            raise
        found = await site.sessions.ask(visit, "merge", site.merging.each)
        if not found.merges:
            raise
        return found.merges[0]


async def followed(site: Site, visit: Inside, merge: Merge) -> Merge:
    """Look again for a moment whether it has ended."""
    for _ in range(LOOKS):
        if merge.ended or merge.under_review:
            break
        await asyncio.sleep(PAUSE)
        merge = await read(site, visit, merge.merge_id)
    return merge


async def read(site: Site, visit: Inside, merge_id: str) -> Merge:
    return await site.sessions.ask(visit, "merge", site.merging.read, merge_id)


async def progress(site: Site, visit: Inside) -> web.Response:
    """Show how far a merge is, and why one was refused."""
    merge = await read(site, visit, visit.request.match_info["merge_id"])
    account = await site.account(visit)
    code = merge.reason or ""
    reason = REASONS.get(code) or (CODES[code].text if code in CODES else None)
    kept = visit.kept
    return site.page(
        visit,
        "merge_progress.html",
        merge=merge,
        account=account,
        reason=visit.say(reason) if reason else None,
        onward=next_page(kept.gates, scope=kept.scope, wanted=HOME),
    )


ROUTES: tuple[Route[Site], ...] = (
    *page("/merge", HOLDER, show),
    *form("/merge/other", HOLDER, FormPage(form=OtherForm, show=show_other, submit=prove_other)),
    *action(
        "/merge/other/passkey",
        HOLDER,
        FormPage(form=Answered, show=show_other, submit=prove_other_by_passkey),
    ),
    *button("/merge/other/passkey/options", HOLDER, ask_other, show=show_other),
    *form(
        "/merge/confirm",
        HOLDER,
        FormPage(form=ConfirmForm, show=show_confirm, submit=confirm, fields=PROOF_FIELDS),
    ),
    *page("/merge/{merge_id}", HOLDER, progress),
)
