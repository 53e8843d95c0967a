"""How schemathesis is to send: which ids it knows, which answers are right for which data, and how much of each phase there is."""

import copy
import json

from . import lint

# The part of a path that an id stands in, by what the path begins with; the first that fits counts.
IN_PATHS = [
    ("DELETE /v1/customers/{id}", "id", "former_customer"),
    ("POST /v1/customers/{id}/merge", "id", "former_customer"),
    ("POST /v1/customers/{id}/unmerge", "id", "former_customer"),
    ("/v1/customers/", "id", "customer"),
    ("/v1/orders/", "id", "order"),
    ("/v1/products/", "id", "product"),
    ("/v1/runs/", "id", "run"),
    ("/v1/jobs/", "id", "job"),
    ("DELETE /v1/keys/{id}", "id", "former_key"),
    ("/v1/keys/", "id", "key"),
    ("DELETE /v1/endpoints/{id}", "id", "former_endpoint"),
    ("/v1/endpoints/", "id", "endpoint"),
    ("/v1/hooks/shopify/", "shop", "shop"),
    ("/v1/hooks/shopify/", "id", "shopify"),
    ("/v1/hooks/woocommerce/", "shop", "shop"),
    ("/v1/hooks/woocommerce/", "id", "woocommerce"),
    ("DELETE /v1/hooks/{id}", "id", "former_hook"),
    ("/v1/hooks/", "id", "hook"),
    ("/v1/campaigns/", "n", "campaign"),
    ("/v1/cuts/", "version", "cuts"),
    ("/v1/segments/", "segment", "segment"),
    ("/v1/redemptions/", "id", "redemption"),
    ("/v1/surveys/", "survey", "survey"),
    ("/s/", "token", "token"),
]
# Fields by their name, wherever they stand; also those of each order, line or product of a list.
FIELDS = {
    "customer": "customer",
    "into": "customer",
    "referred_by": "customer",
    "order": "order",
    "product": "product",
    "products": "product",
    "series": "series",
    "segment": "segment",
    "category": "category",
    "currency": "currency",
    "time": "time",
    "updated_at": "time",
    "day": "day",
    "made": "day",
    "from": "day",
    "until": "day",
    "code": "code",
    "offer": "offer",
    "language": "language",
    "preview": "job",
    "time_zone": "time_zone",
    "playbook": "playbook",
}
HOW_OFTEN = 0.7

CHECKS = {
    "not_a_server_error": {},
    "status_code_conformance": {},
    "content_type_conformance": {},
    "response_schema_conformance": {},
    "response_headers_conformance": {},
    "ignored_auth": {},
    "unsupported_method": {},
    # What has the document's form may still be refused for what it means: an id that is not there (404, 409, 410), a day in the
    # future (422), a platform's delivery that is not signed (401). It is never unreadable, too large or of another kind.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "410", "422", "429"]},
    "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "405", "409", "410", "413", "415", "422", "429"]},
}
# Operations that may answer 200 to what the document forbids, and why.
TOLERANT = {
    "POST /v1/orders": "each order of a batch is answered by itself, and so is what is wrong with it",
    "PUT /v1/products": "each product is answered by itself",
    "PUT /v1/products/stock": "each product is answered by itself",
    "POST /v1/hooks/shopify/{shop}/{id}": "what is signed and cannot be read is ignored, so that the platform goes on sending",
    "POST /v1/hooks/woocommerce/{shop}/{id}": "what is signed and cannot be read is ignored, so that the platform goes on sending",
}


def with_examples(document, known):
    """The document with ids of the shop as examples: those are the values that a case has where another one is tried out."""
    document = copy.deepcopy(document)

    def at(properties):
        for name, schema in properties.items():
            if name in FIELDS and isinstance(schema, dict) and "$ref" not in schema and "items" not in schema:
                pool = "time" if schema.get("format") == "date-time" else FIELDS[name]
                schema["examples"] = known["pools"][pool][:2]

    def go(value):
        if isinstance(value, dict):
            if isinstance(value.get("properties"), dict):
                at(value["properties"])
            for inner in value.values():
                go(inner)
        elif isinstance(value, list):
            for inner in value:
                go(inner)

    go(document)
    for operation, told in lint.operations(document):
        for parameter in told.get("parameters", []):
            pool = bindings(operation, operation.split(" ", 1)[1], []).get(f"{parameter['in']}.{parameter['name']}")
            if pool:
                parameter["examples"] = {f"of the shop {n}": {"value": value} for n, value in enumerate(known["pools"][pool][:2])}
    return document


def bindings(operation, path, document_body):
    """Which dictionary each parameter and field of an operation is drawn from."""
    bound = {}
    for begins, name, pool in IN_PATHS:
        where = operation if " " in begins else path
        if where.startswith(begins) and f"{{{name}}}" in path:
            bound.setdefault(f"path.{name}", pool)
    for place in document_body:
        name = place.rsplit(".", 1)[-1].removesuffix("[*]")
        if name in FIELDS:
            bound[f"body.{place}"] = FIELDS[name]
    return bound


def written(known, operations, options):
    """The settings as schemathesis reads them: TOML, whose strings, numbers and lists are JSON's."""
    lines = [
        'hooks = "api.hooks"',
        f"seed = {options.seed}",
        "workers = 1",
        "continue-on-failure = true",
        "max-failures = 300",
        "request-timeout = 30",
        'warnings = false',
        'suppress-health-check = ["all"]',
        f'[auth.openapi.key]\nbearer = {json.dumps(options.bearer)}',
        "[cache]\nenabled = false",
        "[output.sanitization]\nenabled = false",
        "[generation]",
        f"max-examples = {options.max_examples}",
        # What comes of other keys is known: 401, of which the check `ignored_auth` makes sure.
        "with-security-parameters = false",
        "deterministic = false",
        'database = "none"',
        "no-shrink = false",
        "[checks]\nenabled = false",
    ]
    for check, told in CHECKS.items():
        lines += [f"[checks.{check}]", "enabled = true"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in told.items()]
    # Answers of one call are no input of another but in the last phase: which come first may not matter.
    for phase in "examples", "coverage", "fuzzing":
        lines += [f"[phases.{phase}]", "enabled = true", "[phases." + phase + ".extra-data-sources]", "responses = false"]
    lines += ["[phases.stateful]", f"enabled = {json.dumps(options.stateful > 0)}", "max-steps = 6"]
    if options.stateful:
        lines += ["[phases.stateful.generation]", f"max-examples = {options.stateful}"]
    for name, values in known["pools"].items():
        lines += [f"[dictionaries.{json.dumps(name)}]", f"values = {json.dumps(values)}"]
    for operation, fields in operations:
        bound = bindings(operation, operation.split(" ", 1)[1], fields)
        if bound or operation in TOLERANT:
            lines += ["[[operations]]", f"include-name = {json.dumps(operation)}"]
        if operation in TOLERANT:
            statuses = [*CHECKS["negative_data_rejection"]["expected-statuses"], "200"]
            lines += ["[operations.checks.negative_data_rejection]", f"expected-statuses = {json.dumps(statuses)}"]
        if bound:
            lines.append("[operations.parameters]")
            lines += [
                f"{json.dumps(place)} = {{ dictionary = {json.dumps(pool)}, probability = {HOW_OFTEN} }}"
                for place, pool in bound.items()
            ]
    return "\n".join(lines) + "\n"
