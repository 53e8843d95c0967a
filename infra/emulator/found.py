"""What the deployment made, read back through the services' own APIs, against the template: in both directions.

Every resource of the template is there, with the properties that the template gives it, and nothing else is there. A property that
nobody here can read back must be named in `NOT_READ`, with the reason; an entry that the template does not need is an error.
"""

import json
import re

import sam

from .readers import DEFAULTS, MADE_UP, READERS
from .wrong import Wrong

# Type and property, and why it is not compared.
NOT_READ = {
    ("AWS::ApiGatewayV2::Api", "Body"): "the emulator makes no routes of it; they are made of it here, and compared one by one",
    ("AWS::ApiGatewayV2::Api", "FailOnWarnings"): "a flag of the import, which the emulator does not do",
    ("AWS::ApiGatewayV2::Stage", "DefaultRouteSettings"): "the emulator neither tells the throttle nor applies it",
    ("AWS::CloudWatch::Alarm", "EvaluateLowSampleCountPercentile"): "the emulator does not tell it",
    ("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification"): "the emulator's CloudFormation leaves it out",
    ("AWS::DynamoDB::Table", "SSESpecification"): "the emulator's CloudFormation leaves it out",
    ("AWS::DynamoDB::Table", "TimeToLiveSpecification"): "the emulator's CloudFormation leaves it out",
    ("AWS::Lambda::Function", "Code"): "is another one: what cargo built for x86_64, not the arm64 that the function says it is",
    ("AWS::SecretsManager::Secret", "GenerateSecretString"): "no API tells it; the functions run with what was made of it",
}


def compare(stack):
    """All that was made; says how many of each type there are, or in what they differ."""
    differ, counts = differences(stack)
    if differ:
        raise Wrong("\n".join(differ))
    for kind, count in counts.items():
        print(f"as it must be  {kind}: {count} there, as the template says", flush=True)


def differences(stack):
    """What differs between the deployed template and what was made of it, and how many of each type there are."""
    values, wanted, differ, unread = stack.values(), {}, [], set()
    for name, resource in stack.deployed["Resources"].items():
        if values.is_made(name):
            wanted.setdefault(resource["Type"], {})[name] = resource.get("Properties", {})
    differ += [f"nothing reads {kind}: it belongs into infra/emulator/readers.py" for kind in set(wanted) - set(READERS)]
    for kind, read in READERS.items():
        there = dict(read(stack.emulator, values))
        names = {values.ids[name]: name for name in wanted.get(kind, {})}
        differ += [f"{kind}: {odd} is in no template" for odd in set(there) - set(names)]
        for found, name in names.items():
            if found in there:
                differ += one(kind, name, filled(values.of(wanted[kind][name])), there[found], unread)
            else:
                differ.append(f"{kind}: {name} ({found}) is missing")
    written = {resource["Type"] for resource in stack.deployed["Resources"].values()}
    for kind, key in sorted(set(NOT_READ) - unread):
        # What no parameter asked for in this stack may be asked for in another.
        if kind in wanted or kind not in written:
            differ.append(f"NOT_READ has {key} of {kind}, which is not in the template, or is told by the emulator now")
    made, named = routes_there(stack), routes_written(stack)
    for route in sorted(set(made) | set(named)):
        if made.get(route) != named.get(route):
            differ.append(f"route {route} goes to {made.get(route)}, and in the template to {named.get(route)}")
    return differ, {**{kind: len(names) for kind, names in sorted(wanted.items())}, "routes": len(made)}


def one(kind, name, wanted, found, unread):
    """The differences of one resource. What NOT_READ excuses is added to `unread`."""
    for key, value in wanted.items():
        if plain(found.get(key)) == plain(value):
            continue
        if (kind, key) in NOT_READ:
            unread.add((kind, key))
        else:
            yield f"{kind} {name}, {key}:\n  is      {plain(found.get(key))}\n  must be {plain(value)}"
    for key in set(found) - set(wanted) - MADE_UP:
        if found[key] not in (None, "", [], {}, False, *DEFAULTS.get((kind, key), [])):
            yield f"{kind} {name} has {key} {plain(found[key])}, which the template does not give it"


def plain(value):
    """In a form in which the order of lists, and whether a number is text, make no difference."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items() if inner not in (None, [], {})}
    if isinstance(value, (list, tuple)):
        return sorted(map(plain, value), key=lambda inner: json.dumps(inner, sort_keys=True))
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value) if isinstance(value, float) and value == int(value) else value)


def filled(wanted):
    """A resource's properties with the values put into its definition, which is how the service has it."""
    values = wanted.get("DefinitionSubstitutions", {})
    text = json.dumps({key: value for key, value in wanted.items() if key != "DefinitionSubstitutions"})
    for name, value in values.items():
        text = text.replace("${" + name + "}", json.dumps(value)[1:-1])
    return json.loads(text)


def routes_there(stack):
    """The API's routes, each with the function that it calls."""
    gateway, api = stack.emulator.client("apigatewayv2"), stack.ids()["Api"]

    def all_of(operation):
        return [item for page in gateway.get_paginator(operation).paginate(ApiId=api) for item in page["Items"]]

    into = {f"integrations/{made['IntegrationId']}": made["IntegrationUri"] for made in all_of("get_integrations")}
    return {route["RouteKey"]: re.search(r":function:([^:/]+)", into[route["Target"]])[1] for route in all_of("get_routes")}


def routes_written(stack):
    """The same as the functions of the template name them, and not the document that SAM makes of that."""
    ids = stack.ids()
    return {f"{method} {path}": ids[function] for method, path, function in sam.routes(sam.read(stack.infra))}
