"""The gateway's doors against the documents of the services they lead to."""

import importlib
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from deploy.gateway.doors import (
    identity,
    merge,
    notify,
    passkeys,
    practice,
    records,
    recovery,
    requests,
    reviews,
    two_step,
)
from deploy.gateway.doors.http import Sent, Verb
from deploy.gateway.web.sentences import CODES
from shared.contracts.topology import SERVICES
from shared.http import openapi
from tests.unit.gateway.words import ENGLISH, SPANISH

DOORS = {"identity": identity, "merge": merge, "notify": notify, "recovery": recovery}
VERBS: list[tuple[str, Verb[Any]]] = [
    *((service, verb) for service, door in DOORS.items() for verb in door.VERBS),
    *(
        ("identity", verb)
        for door in (passkeys, records, requests, two_step)
        for verb in door.VERBS
    ),
    *(("merge", verb) for verb in reviews.VERBS),
    *((service, verb) for service, verbs in practice.VERBS.items() for verb in verbs),
]
each_verb = pytest.mark.parametrize(
    ("service", "verb"), VERBS, ids=[verb.name for _, verb in VERBS]
)
DOCUMENTS = {
    service: json.loads(
        openapi.document(
            service, importlib.import_module(f"services.{service}.__main__").PROGRAM.routes
        )
    )
    for service in SERVICES
}


def described(service: str, verb: Verb[Any]) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENTS[service]["paths"][verb.path][verb.method.lower()]
    return found


def resolved(service: str, schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = DOCUMENTS[service]["components"]["schemas"][name]
    return schema


def codes(service: str, verb: Verb[Any]) -> Iterator[str]:
    for answer in described(service, verb)["responses"].values():
        for content in answer.get("content", {}).values():
            for part in content["schema"].get("allOf", ()):
                yield from part.get("properties", {}).get("code", {}).get("enum", ())


@each_verb
def test_a_verb_is_where_its_document_says_and_takes_what_is_sent(
    service: str, verb: Verb[Any]
) -> None:
    found = described(service, verb)

    assert found["operationId"] == verb.name
    headers = {each["name"] for each in found.get("parameters", ()) if each["in"] == "header"}
    assert ("Idempotency-Key" in headers) or not verb.keyed
    assert bool(found.get("security")) is verb.bearer
    assert ("requestBody" in found) is (verb.body is not None)
    if verb.body is not None:
        ((_, content),) = found["requestBody"]["content"].items()
        schema = resolved(service, content["schema"])
        own = {field.name: field for field in msgspec.structs.fields(verb.body)}
        assert set(own) <= set(schema["properties"])
        assert set(schema.get("required", ())) <= set(own)


@each_verb
def test_a_verb_answers_what_is_read_of_it(service: str, verb: Verb[Any]) -> None:
    found = described(service, verb)
    ((_, answer),) = [
        (status, each) for status, each in found["responses"].items() if status.startswith("2")
    ]

    wanted = reads(verb.reply)

    if wanted:
        ((_, content),) = answer["content"].items()
        missing = lacking(service, verb.reply, content["schema"])
        assert missing == []


def reads(kind: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(kind)}


def lacking(service: str, kind: type[msgspec.Struct], schema: dict[str, Any]) -> list[str]:
    """Name what a reply does not have that is read of it, at any depth."""
    schema = resolved(service, schema)
    properties = schema["properties"]
    found = []
    for field in msgspec.structs.fields(kind):
        if field.encode_name not in properties:
            found.append(f"{kind.__name__}.{field.name}")
            continue
        inner = properties[field.encode_name]
        for struct in structs_in(field.type):
            for place in places(service, inner):
                found += lacking(service, struct, place)
    return found


def structs_in(hint: Any) -> list[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return [hint]
    return [found for part in getattr(hint, "__args__", ()) for found in structs_in(part)]


def places(service: str, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Find the objects that a property may be, or hold."""
    schema = resolved(service, schema)
    if "properties" in schema:
        yield schema
    for part in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        yield from places(service, part)


@each_verb
@pytest.mark.parametrize("language", [ENGLISH, SPANISH], ids=["en", "es"])
def test_every_code_of_a_verb_has_a_sentence(service: str, verb: Verb[Any], language: Any) -> None:
    found = list(codes(service, verb))

    assert found
    for code in found:
        assert code in CODES, f"{verb.name} may answer {code}: say it in web/sentences.py"
        text = CODES[code].text
        assert language is ENGLISH or language.say(text) != text, code


def test_no_sentence_is_left_of_a_code_that_nobody_answers() -> None:
    answered = {code for service, verb in VERBS for code in codes(service, verb)}
    own = {"forged", "no_cookies", "away", "email_link_invalid", "address_link_invalid"}
    own |= {"number_known", "number_limit", "password_too_short_alone"}
    own |= {"answers_over", "recovery_codes_unheard"}
    own |= {"not_me_link_invalid"}
    own |= {"questions_not_five", "question_unknown", "question_doubled"}  # of one field each
    own |= {"answer_too_short", "answer_too_long", "answer_doubled"}
    own |= {"answer_is_question", "answer_is_username"}

    assert set(CODES) <= answered | own


def test_a_body_never_leaves_out_what_it_was_given() -> None:
    for _, verb in VERBS:
        if verb.body is not None:
            assert issubclass(verb.body, Sent)
            for field in msgspec.structs.fields(verb.body):
                assert field.required or field.default in (None, False)


@pytest.mark.parametrize("service", DOCUMENTS)
def test_every_reference_of_a_document_leads_somewhere(service: str) -> None:
    def references(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (value for key, value in node.items() if key == "$ref")
        for one in (
            node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        ):
            yield from references(one)

    for reference in references(DOCUMENTS[service]):
        found: Any = DOCUMENTS[service]
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
