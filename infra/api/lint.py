"""What is wrong with the OpenAPI document, without a server: what the specification asks, and what this API promises besides."""

from collections import Counter

from openapi_spec_validator import OpenAPIV31SpecValidator

METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
# What is answered to whoever has no right key, and to one who asks too often.
WITH_KEY = {"401", "403", "429"}
# And where a JSON body is read.
WITH_BODY = {"400", "413", "422"}
# Bodies of which nothing is promised, and why.
ANYTHING = {
    "POST /v1/hooks/shopify/{shop}/{id}": "the platform says what it sends; what cannot be read is answered 200, ignored and counted",
    "POST /v1/hooks/woocommerce/{shop}/{id}": "the same",
}


def operations(document):
    """Each operation with its name, `GET /v1/…`, as schemathesis calls it."""
    for path, methods in document.get("paths", {}).items():
        for method, operation in methods.items():
            if method in METHODS:
                yield f"{method.upper()} {path}", operation


def resolved(document, value):
    """What stands there, or what a local reference leads to."""
    while isinstance(value, dict) and "$ref" in value:
        parts = value["$ref"].removeprefix("#/").split("/")
        value = document
        for part in parts:
            value = value[part.replace("~1", "/").replace("~0", "~")]
    return value


def spec_findings(document):
    """What the validator of OpenAPI 3.1 says: of the document's own form, and of every schema in it."""
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        yield f"specification: {'/'.join(map(str, error.path))}: {error.message[:300]}"


def says_something(schema):
    """A schema that some value does not match, as far as it shows: `{}` and `true` take anything."""
    return isinstance(schema, dict) and bool(set(schema) - {"description", "title", "$schema", "examples"})


def head_findings(document):
    """Every operation has a name of its own, words, a place in the list of tags, and says what opens it."""
    tags = {tag["name"] for tag in document.get("tags", [])}
    ids = Counter(operation.get("operationId") for _, operation in operations(document))
    for name, operation in operations(document):
        if not operation.get("operationId") or ids[operation["operationId"]] > 1:
            yield f"{name}: its operationId is missing, or another one's too"
        if not operation.get("summary"):
            yield f"{name}: has no summary"
        if len(operation.get("tags", [])) != 1 or not tags.issuperset(operation["tags"]):
            yield f"{name}: has not one tag that is described"
        if "security" not in operation:
            yield f"{name}: does not say whether a key is asked for"
        for parameter in operation.get("parameters", []):
            parameter = resolved(document, parameter)
            if not says_something(resolved(document, parameter.get("schema"))):
                yield f"{name}: parameter {parameter['name']} may be anything"


def content_findings(document, where, content):
    """A body says its media type, and of JSON what is in it."""
    if not content:
        yield f"{where}: has no media type"
    for media_type, told in content.items():
        if "json" in media_type and not says_something(told.get("schema")):
            yield f"{where}: {media_type} may be anything"


def answer_findings(document):
    """Every status has its own answer, described; problems are problem details."""
    for name, operation in operations(document):
        answers = {status: resolved(document, answer) for status, answer in operation.get("responses", {}).items()}
        page = "/s/" in name
        if not any(status.startswith("2") for status in answers):
            yield f"{name}: no success is described"
        for status, answer in answers.items():
            where = f"{name}: answer {status}"
            if not status.isdigit():
                yield f"{where}: is a range and no status"
            if status == "500":
                yield f"{where}: is nobody's promise: it is a fault wherever it comes"
            if not answer.get("description"):
                yield f"{where}: has no description"
            if status != "204":
                yield from content_findings(document, where, answer.get("content", {}))
            if status[0] in "45" and not page and set(answer.get("content", {})) != {"application/problem+json"}:
                yield f"{where}: is no problem document"
        missing = (WITH_KEY if operation.get("security") else set()) - set(answers)
        body = resolved(document, operation.get("requestBody", {}))
        if "application/json" in body.get("content", {}) and name not in ANYTHING:
            missing |= WITH_BODY - set(answers)
        if missing:
            yield f"{name}: does not describe {', '.join(sorted(missing))}"


def body_findings(document):
    """What is sent is described; nothing is sent with a GET."""
    for name, operation in operations(document):
        body = operation.get("requestBody")
        if body is None or name in ANYTHING:
            continue
        if name.startswith(("GET ", "DELETE ")):
            yield f"{name}: takes a body"
        yield from content_findings(document, f"{name}: body", resolved(document, body).get("content", {}))


def references(value):
    """Every `$ref` below."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def component_findings(document):
    """No component is there for nobody."""
    used = set(references(document))
    for kind, components in document.get("components", {}).items():
        for name in components:
            if kind != "securitySchemes" and f"#/components/{kind}/{name}" not in used:
                yield f"components/{kind}/{name} is used nowhere"
    schemes = set(document.get("components", {}).get("securitySchemes", {}))
    for name, operation in operations(document):
        for scheme in {scheme for wanted in operation.get("security", []) for scheme in wanted} - schemes:
            yield f"{name}: asks for {scheme}, which is described nowhere"


def reference_findings(document):
    """Every reference leads to something of this document."""
    for reference in sorted(set(references(document))):
        try:
            resolved(document, {"$ref": reference})
        except (KeyError, TypeError):
            yield f"{reference} leads nowhere"


def findings(document):
    """All that is wrong. What the specification says comes alone: the rest reads a document that keeps to it."""
    wrong = [*spec_findings(document), *reference_findings(document)]
    yield from wrong
    if not wrong:
        for rule in head_findings, body_findings, answer_findings, component_findings:
            yield from rule(document)
