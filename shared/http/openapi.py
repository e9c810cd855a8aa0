"""The OpenAPI 3.1 document of a service, made from its routes and types alone."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from shared.contracts.reach import SessionScope
from shared.errors import CatchingUp, Expected, Unauthenticated, Unavailable
from shared.http import problems as told
from shared.http.guards import AnyGuard, Client, Counted, Practice, Public, Session
from shared.http.problems import Problem
from shared.http.routes import SLOT, Form, Hook, Message, NoBody, NoReply, Route
from shared.idempotency import SHAPE, IdempotencyKeyReused
from shared.trust.access import TokenStale

JSON = "application/json"
REF = "#/components/schemas/{name}"
Json = dict[str, Any]  # a document of this kind is a tree of JSON, not a record of ours

EVERYWHERE: tuple[type[Expected], ...] = (
    told.RequestUnreadable,
    told.HeaderRepeated,
    told.ExpectationUnknown,
    told.MalformedBody,
    told.BodyInvalid,
    told.BodyTooLarge,
    told.BodyTooSlow,
    told.ContentTypeUnsupported,
    told.Overdue,
    CatchingUp,
    Unavailable,
)

BARE = (NoBody, Message, Hook, NoReply)  # they have no schema

CORRELATION: Json = {
    "Correlation-Id": {"schema": {"type": "string", "format": "uuid"}},
}
BASIC: Json = {
    "type": "http",
    "scheme": "basic",
    "description": "A client's id and secret, as at identity's /oauth/token.",
}
RETRY: Json = {
    "Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}}
}
BUDGET: Json = {
    "RateLimit-Policy": {
        "description": 'the budget that the call counted on, its `q`uota and `w`indow: `"records";'
        "q=5000;w=3600`; on a refusal of the verb too",
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": "what the client has `r`emaining of it, and in how many seconds (`t`) some "
        'comes back: `"records";r=4999;t=3600`',
        "schema": {"type": "string"},
    },
}

CALLERS = {  # tags: a verb is looked for by who may call it
    "public": "Anybody; what is told counts on the source it is told to.",
    "session": "A person who is logged on, with her session's access token.",
    "practice": "A practice's client, with its token; it reaches what is that practice's own.",
    "client": "Any client whose token has the scope.",
    "health": "Programs that watch the process.",
}


def title(service: str) -> str:
    """Name a service to who calls it."""
    return f"Portico {service}"


def document(service: str, routes: Sequence[Route[Any]]) -> bytes:
    """Write the document; the same routes give the same bytes."""
    types = [kind for route in routes for kind in (route.body, route.reply)]
    kinds = list(dict.fromkeys(kind for kind in types if kind not in BARE))
    refs, components = msgspec.json.schema_components([*kinds, Problem], ref_template=REF)
    schemas = dict(zip([*kinds, Problem], refs, strict=True))
    paths: dict[str, Json] = defaultdict(dict)
    for route in routes:
        paths[route.path][route.method.lower()] = operation(route, schemas)
    paths.update(health())
    clients = [route.guard for route in routes if isinstance(route.guard, Client)]
    scopes = sorted({guard.scope for guard in clients})
    basic = any(guard.basic for guard in clients)
    whole: Json = {
        "openapi": "3.1.0",
        "info": {"title": title(service), "version": "1"},
        "tags": [{"name": name, "description": CALLERS[name]} for name in tagged(paths)],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": schemes(scopes, basic=basic)},
    }
    return msgspec.json.encode(whole)


def operation(route: Route[Any], schemas: dict[Any, Json]) -> Json:
    """Describe one verb: what it takes, what it answers, how it refuses."""
    described: Json = {
        "operationId": route.name,
        "tags": [callers(route.guard)],
        "summary": route.summary,
        "responses": {
            str(route.status): success(route, schemas),
            **refusals(route, schemas),
        },
    }
    if route.rows:
        described["description"] = "Rows: " + ", ".join(route.rows)
    if parameters := list(parameters_of(route)):
        described["parameters"] = parameters
    if route.body is not NoBody:
        described["requestBody"] = {
            "required": True,
            "content": {route.form.media_type: schema_of_body(route, schemas)},
        }
    if security := security_of(route.guard):
        described["security"] = security
    return described


def schema_of_body(route: Route[Any], schemas: dict[Any, Json]) -> Json:
    """Describe a body; of one that is bytes the media type says all (OpenAPI 3.1, 4.8.14.3)."""
    return {} if route.body in BARE else {"schema": schemas[route.body]}


def success(route: Route[Any], schemas: dict[Any, Json]) -> Json:
    answer: Json = {"description": "Done", "headers": CORRELATION | counted(route)}
    if route.reply is not NoReply:
        answer["content"] = {JSON: {"schema": schemas[route.reply]}}
    return answer


def refusals(route: Route[Any], schemas: dict[Any, Json]) -> Json:
    """List, by status, the codes this verb may tell."""
    codes: dict[int, dict[str, type[Expected]]] = defaultdict(dict)
    for problem in problems_of(route):
        codes[problem.status].setdefault(problem.code, problem)
    form = told.OAUTH_CONTENT_TYPE if route.form is Form.URLENCODED else told.CONTENT_TYPE
    return {
        str(status): refusal(
            codes[status],
            schemas,
            form,
            headers=(RETRY if status in (429, 503) else {})
            | (counted(route) if status == 429 else {}),
        )
        for status in sorted(codes)
    }


def counted(route: Route[Any]) -> Json:
    """The headers of a reply that was counted on its client's budget."""
    return BUDGET if route.counts_on else {}


def refusal(
    codes: dict[str, type[Expected]], schemas: dict[Any, Json], form: str, *, headers: Json
) -> Json:
    text = "\n".join(f"- `{code}`: {codes[code].title}. {codes[code].hint}" for code in codes)
    schema = {"allOf": [schemas[Problem], {"properties": {"code": {"enum": sorted(codes)}}}]}
    return {
        "description": text,
        "headers": CORRELATION | headers,
        "content": {form: {"schema": schema}},
    }


def problems_of(route: Route[Any]) -> Iterator[type[Expected]]:
    """Collect the route's own problems and those its shape brings with it."""
    yield from (*route.problems, *EVERYWHERE, *of_shape(route), told.InternalError)


def of_shape(route: Route[Any]) -> Iterator[type[Expected]]:
    if route.guard.counted is not Counted.NOTHING:
        yield told.TooManyRequests
    if not isinstance(route.guard, Public):
        yield from (Unauthenticated, TokenStale, told.ScopeMissing)
    if isinstance(route.guard, Session) and set(route.guard.scopes) != set(SessionScope):
        yield told.SessionScopeMissing
    if isinstance(route.guard, Client) and route.guard.basic:
        yield from (told.InvalidClient, told.TooManyRequests)
    if route.counts_on:
        yield told.ClientBudget
    if SLOT.search(route.path):
        yield told.RouteUnknown
    if route.idempotent:
        yield from (told.IdempotencyKeyInvalid, IdempotencyKeyReused)


def parameters_of(route: Route[Any]) -> Iterator[Json]:
    for name in SLOT.findall(route.path):
        allowed = route.names.get(name)
        said = {"enum": [*allowed]} if allowed else {"format": "uuid"}
        schema = {"type": "string", **said}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name in route.query:
        yield {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
    yield header(
        "Correlation-Id",
        "the caller's own, told in the reply as Caller-Correlation-Id; ours is always made here",
        {"format": "uuid"},
    )
    yield header("traceparent", "W3C trace context, passed on", {})
    if route.idempotent:
        yield header(
            "Idempotency-Key",
            "the same key and body within 24 hours get the first reply, not a second effect",
            {"pattern": rf'^(?:{SHAPE.pattern}|"{SHAPE.pattern}")$'},
        )


def header(name: str, description: str, schema: Json) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", **schema},
    }


def callers(guard: AnyGuard) -> str:
    """Return the tag of who may call."""
    match guard:
        case Public():
            return "public"
        case Session():
            return "session"
        case Practice():
            return "practice"
        case Client():
            return "client"


def tagged(paths: Mapping[str, Json]) -> list[str]:
    """Return the tags that are used, in the order of CALLERS."""
    used = {tag for verbs in paths.values() for verb in verbs.values() for tag in verb["tags"]}
    return [name for name in CALLERS if name in used]


def security_of(guard: AnyGuard) -> list[Json]:
    match guard:
        case Public():
            return []
        case Session():
            return [{"session": list(guard.scopes)}]
        case Client():
            token = {"client": [guard.scope]}
            return [token, {"client_secret": []}] if guard.basic else [token]


def schemes(scopes: Sequence[str], *, basic: bool) -> Json:
    reach = f" Scopes here: {', '.join(scopes)}." if scopes else ""
    return {
        "session": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of a person's session, whose scope is one of these.",
        },
        "client": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of a client, from identity's /oauth/token." + reach,
        },
        **({"client_secret": BASIC} if basic else {}),
    }


def health() -> Json:
    """Describe the one check of this port; readiness and status are asked on the metrics port."""
    live: Json = {
        "operationId": "read_liveness",
        "tags": ["health"],
        "summary": "Whether the process answers",
        "responses": {"200": {"description": "It does"}},
    }
    return {"/health/live": {"get": live}}
