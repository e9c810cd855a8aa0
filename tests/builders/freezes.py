"""Changes that were not their holder's, and the freeze that follows (RC-9)."""

from tests.builders.practices import BIRTH_DATE, Postman
from tests.rigs.identity import PASSWORD, Identity, Person
from tests.rigs.replica import Answer

THIEF_S = "Copper!Lantern-42"


async def change_password(identity: Identity, token: str, *, new: str = THIEF_S) -> Answer:
    """Set another password in this session."""
    proof = {"password": PASSWORD, "verb": "password"}
    grant = (await identity.call("POST", "/account/reauthenticate", proof, token=token)).body
    body = {"new_password": new, "reauthenticated": grant["grant"]}
    return await identity.call("PUT", "/account/password", body, token=token)


async def freeze(identity: Identity, link: str, birth_date: str = BIRTH_DATE) -> Answer:
    """Use a link."""
    return await identity.call("POST", "/freezes", {"token": link, "birth_date": birth_date})


async def link_of_a_change(identity: Identity, postman: Postman, token: str) -> str:
    """The link of the mail about a password that is changed in this session."""
    assert (await change_password(identity, token)).status == 200
    return (await postman.not_me("password-changed"))[-1][1]


async def a_link(identity: Identity, postman: Postman, person: Person) -> str:
    """The same of a session that the thief begins."""
    token = str((await identity.logged_on(person.username))["access_token"])
    return await link_of_a_change(identity, postman, token)


async def frozen(identity: Identity, postman: Postman, person: Person) -> str:
    """Freeze the account by such a link; return the link."""
    link = await a_link(identity, postman, person)
    assert (await freeze(identity, link)).status == 204
    return link
