"""The document damaged in one place after another: a check that finds nothing is worth nothing before it has found these."""

import copy
import json

from . import lint
from .shop import served
from .tally import Tally


def operation(document, name):
    method, path = name.split(" ", 1)
    return document["paths"][path][method.lower()]


def answer(document, name, status):
    """An answer of its own in place of one that others share."""
    answers = operation(document, name)["responses"]
    answers[status] = copy.deepcopy(lint.resolved(document, answers[status]))
    return answers[status]


# What reading the document finds: a name, what is done to it, what the finding says.
READ = [
    ("an operation without a name", lambda d: operation(d, "GET /v1/segments").pop("operationId"), "operationId is missing"),
    (
        "two operations of one name",
        lambda d: operation(d, "GET /v1/segments").update(operationId=operation(d, "GET /v1/cuts")["operationId"]),
        "Operation ID 'getCuts'",
    ),
    ("an operation without words", lambda d: operation(d, "POST /v1/orders").pop("summary"), "has no summary"),
    ("a tag that nobody describes", lambda d: operation(d, "POST /v1/orders").update(tags=["till"]), "one tag that is described"),
    ("an operation that does not say what opens it", lambda d: operation(d, "POST /v1/orders").pop("security"), "whether a key"),
    ("a key of a kind that is not there", lambda d: d["components"].update(securitySchemes={}), "described nowhere"),
    ("a body that may be anything", lambda d: body(d, "POST /v1/orders").update(schema={}), "body: application/json may be anything"),
    (
        "an answer that may be anything",
        lambda d: answer(d, "GET /v1/health", "200")["content"]["application/json"].update(schema=True),
        "may be anything",
    ),
    ("no success", lambda d: operation(d, "GET /v1/health")["responses"].pop("200"), "no success is described"),
    ("a range of answers", lambda d: operation(d, "GET /v1/health")["responses"].update({"4XX": FREE}), "is a range"),
    ("a promised 500", lambda d: operation(d, "GET /v1/health")["responses"].update({"500": FREE}), "nobody's promise"),
    ("no word of a wrong key", lambda d: operation(d, "GET /v1/cuts")["responses"].pop("401"), "does not describe 401"),
    ("no word of a body too large", lambda d: operation(d, "POST /v1/orders")["responses"].pop("413"), "does not describe 413"),
    (
        "a problem of another media type",
        lambda d: answer(d, "GET /v1/cuts", "401").update(content={"text/plain": {"schema": {"type": "string"}}}),
        "is no problem document",
    ),
    ("a reference to nothing", lambda d: body(d, "POST /v1/orders").update(schema={"$ref": "#/components/schemas/Nobody"}), "Nobody leads nowhere"),
    ("a type that is none", lambda d: d["components"]["schemas"]["Problem"].update(type="objekt"), "objekt"),
    ("a parameter that the path has not", lambda d: operation(d, "GET /v1/runs/{id}").update(parameters=[]), "id"),
    ("a schema for nobody", lambda d: d["components"]["schemas"].update(Lonely={"type": "string"}), "is used nowhere"),
]
FREE = {"description": "Anything", "content": {"application/problem+json": {"schema": {"type": "object"}}}}


def body(document, name):
    return operation(document, name)["requestBody"]["content"]["application/json"]


def limit_to(most):
    """The document says that a page has fewer items than it may."""

    def damage(document):
        for parameter in operation(document, "GET /v1/keys")["parameters"]:
            if parameter["name"] == "limit":
                parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": most}

    return damage


# What calls find: a name, the operation that is called, what is done to the document, what schemathesis says.
CALLED = [
    (
        "a status that comes and is not described",
        "GET /v1/products/{id}",
        lambda d: operation(d, "GET /v1/products/{id}")["responses"].pop("404"),
        "Undocumented status code",
    ),
    (
        "an answer of another form than described",
        "GET /v1/health",
        lambda d: answer(d, "GET /v1/health", "200")["content"]["application/json"].update(
            schema={"type": "object", "required": ["mood"]}
        ),
        "Response violates schema",
    ),
    (
        "an answer of another media type than described",
        "GET /v1/health",
        lambda d: answer(d, "GET /v1/health", "200").update(content={"text/csv": {}}),
        "Undocumented Content-Type",
    ),
    (
        "a route that opens without the key it is said to ask for",
        "GET /v1/health",
        lambda d: operation(d, "GET /v1/health").update(security=[{"key": ["admin"]}]),
        "API accepts",
    ),
    ("what is said to be refused and is taken", "GET /v1/keys", limit_to(3), "Schema-violating request accepted"),
    (
        "what is said to be taken and cannot be read",
        "POST /v1/returns",
        lambda d: operation(d, "POST /v1/returns").update(
            requestBody={"required": True, "content": {"application/json": {"schema": {"type": "array", "maxItems": 2}}}}
        ),
        "Schema-valid request rejected",
    ),
]


ASKED = "GET /v1/keys"
# What counting finds: a name, answers by status, what the finding says.
COUNTED = [
    ("an operation that is never right", {422: 30}, "was never answered 2xx"),
    ("an operation that refuses nothing", {200: 30, 401: 3, 405: 4}, "was ever refused"),
    ("an operation that is called too often", {200: 30, 422: 3, 429: 4}, "came too often"),
    ("too few calls", {200: 1, 422: 1}, "fewer than"),
]


def counted(statuses):
    """What a tally finds of one operation that was answered so."""
    lines = [json.dumps([ASKED, "fuzzing", "positive", "GET", status]) for status, times in statuses.items() for _ in range(times)]
    return [finding for finding in Tally(lines).findings([(ASKED, True)], 20) if "named as an exception" not in finding]


def damaged(document, damage):
    """A copy with one fault. Documents share no part with each other."""
    copied = copy.deepcopy(document)
    damage(copied)
    if copied == document:
        raise AssertionError("the fault changes nothing")
    return copied


def told(right, name, found):
    line = " ".join(str(found).split())
    print(f"found   {name}: {line[:150]}" if right else f"MISSED  {name}: {line[:3000]}", flush=True)
    return 0 if right else 1


def missed(document, options, directory, send):
    """How many faults were not found, or not as what they are."""
    wrong = 0
    for name, damage, expected in READ:
        findings = list(lint.findings(damaged(document, damage)))
        right = [finding for finding in findings if expected in finding]
        wrong += told(right, name, right or findings)
    for name, statuses, expected in COUNTED:
        findings = counted(statuses)
        wrong += told(len(findings) == 1 and expected in findings[0], name, findings)
    if options.built:
        options.max_examples = min(options.max_examples, 20)
        with served(options.built.resolve(), directory) as (api, known, _):
            options.bearer = api.keys["admin"]
            for nth, (name, called, damage, expected) in enumerate(CALLED):
                only = ["--include-name", called]
                sound, said, _ = send(damaged(document, damage), api, known, directory / f"fault-{nth}", options, *only)
                at = said.find(expected)
                wrong += told(not sound and at >= 0, name, said[at : at + 150] if at >= 0 else said)
    faults = len(READ) + len(COUNTED) + (len(CALLED) if options.built else 0)
    print(f"all {faults} planted faults were found" if not wrong else f"{wrong} of {faults} planted faults were missed")
    return wrong
