"""No practice learns anything of another's records: every verb of practices, over all services.

Wherever a verb takes a record, one of another practice is told as one that nobody has, whatever
became of it there: registered, enrolled, un-enrolled, merged.
"""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from msgspec import inspect

from shared.contracts.ids import PatientId
from shared.randomness import Randomness
from tests.conformance.stage import Example, Stage, audit_since_now, example, send
from tests.conformance.verbs import VERBS, Verb, those
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("ST-1", "V8.2.2", "V8.4.1")

RECORD, RECORDS = "patient_id", ("patient_ids", "given_up", "kept")
#: ids of something else, and why it tells nothing of a record
OTHER_IDS = {
    "after": "goes on from what was listed last: of another's list there is nothing to go on from",
}


def ids_of_body(verb: Verb) -> Iterator[str]:
    """The fields of its body that hold ids, at any depth."""

    def walk(name: str, kind: inspect.Type) -> Iterator[str]:
        if isinstance(kind, inspect.UUIDType):
            yield name
        elif isinstance(kind, inspect.StructType):
            for field in kind.fields:
                yield from walk(field.encode_name, field.type)
        elif isinstance(kind, inspect.UnionType):
            for part in kind.types:
                yield from walk(name, part)
        elif isinstance(kind, inspect.CollectionType):
            yield from walk(name, kind.item_type)

    yield from walk("", inspect.type_info(verb.route.body))


def names_a_record(verb: Verb) -> bool:
    places = {*ids_of_body(verb), *verb.route.query}
    return f"{{{RECORD}}}" in verb.route.path or bool(places & {RECORD, *RECORDS})


def about(verb: Verb, good: Example, patient_id: PatientId) -> Example:
    """The example, about that record in the place of its own."""
    if RECORD in good.path:
        return good.at(patient_id=patient_id)
    if RECORD in verb.route.query:
        return replace(good, query={**good.query, RECORD: str(patient_id)})
    for several in RECORDS:
        if several in ids_of_body(verb):
            return good.but(**{several: [str(patient_id)]})
    return good.but(patient_id=str(patient_id))


def told(answer: Answer, patient_id: PatientId) -> str:
    """The whole reply, but for what is new in every one and the id that was asked about."""
    status, headers, body = answer.alike()
    body = {name: value for name, value in dict(body).items() if name not in NEW}  # type: ignore[call-overload]
    return str((status, headers, body)).replace(str(patient_id), "it")


NEW = {"communication_id", "reference"}


async def records(stage: Stage, verb: Verb, whose: str) -> Mapping[str, PatientId]:
    """Records in every state: the example's practice's own, or another's."""
    module: Any = importlib.import_module(f"tests.conformance.examples.{verb.service}")
    found: Mapping[str, PatientId] = await getattr(module, f"{whose}_records")(stage)
    return found


def keyed(good: Example, number: int) -> Example:
    """The same under another reference of the sender's, where it has one."""
    return good.but(reference=f"visit-{number}") if good.body and "reference" in good.body else good


@pytest.mark.parametrize("verb", those(lambda verb: verb.of_a_practice))
def test_every_id_that_a_practice_may_send_is_a_record_or_tells_nothing_of_one(verb: Verb) -> None:
    for name in ids_of_body(verb):
        assert name in (RECORD, *RECORDS, *OTHER_IDS), (
            f"{verb.name} takes {name}: call a record patient_id, or say in OTHER_IDS what it tells"
        )


def test_the_verbs_that_name_a_record_are_found() -> None:
    found = {verb.name for verb in VERBS if verb.of_a_practice and names_a_record(verb)}

    assert {"correct_patient", "list_handed_out", "un_enrol_dormant_patients"} < found
    assert "submit_communication" in found


NAMING = those(lambda verb: verb.of_a_practice and names_a_record(verb))


@pytest.mark.parametrize("verb", NAMING)
async def test_a_record_of_anothers_is_told_as_nobodys_whatever_became_of_it(
    verb: Verb, stage: Stage
) -> None:
    anothers = await records(stage, verb, "anothers")
    good = await example(stage, verb)
    nobody = PatientId(Randomness().uuid())
    audit = await audit_since_now(stage)

    nobodys = told(await send(stage, verb, about(verb, keyed(good, 0), nobody)), nobody)
    done = len(await audit.rows("done"))

    for number, (state, patient_id) in enumerate(anothers.items(), start=1):
        answer = await send(stage, verb, about(verb, keyed(good, number), patient_id))
        assert told(answer, patient_id) == nobodys, state
    assert len(await audit.rows("done")) == done * (1 + len(anothers))


@pytest.mark.parametrize("verb", NAMING)
async def test_an_own_record_is_found_whatever_became_of_it(verb: Verb, stage: Stage) -> None:
    own = await records(stage, verb, "own")
    good = await example(stage, verb)

    for number, (state, patient_id) in enumerate(own.items()):
        answer = await send(stage, verb, about(verb, keyed(good, number), patient_id))

        assert answer.status < 500
        assert "not_found" not in str(answer.body), state


@pytest.mark.parametrize("verb", those(lambda verb: verb.of_a_practice))
async def test_nothing_that_another_practice_asks_for_names_a_record_of_this_one(
    verb: Verb, stage: Stage
) -> None:
    """A list is asked for whole, and late enough that each could be in it."""
    own = await records(stage, verb, "own")
    good = await example(stage, verb)
    if "months" in verb.route.query:
        stage.replica.clock.advance(days=400)
    foreign = keyed(good, 1).by(await stage.another_practice())
    if RECORD in verb.route.query:
        whole = {name: value for name, value in good.query.items() if name != RECORD}
        foreign = replace(foreign, query=whole)
    elif names_a_record(verb):
        foreign = about(verb, foreign, PatientId(UUID(int=7)))

    answer = await send(stage, verb, foreign)

    assert answer.status == 200 or not verb.route.query
    assert not [state for state, patient_id in own.items() if str(patient_id) in str(answer.body)]
