"""The template deployed to the emulator: transformed by SAM's own code, with the binaries that cargo built as packages."""

import copy
import io
import json
import stat
import subprocess
import tempfile
import zipfile
from collections import namedtuple
from pathlib import Path

import sam
from botocore.exceptions import ClientError

from .process import REGION
from .readers import absent
from .values import Values
from .wrong import Wrong, until

BUCKET = "packages"
Change = namedtuple("Change", "name why applies make")


def zipped(files):
    """A function's package: executable files by their names."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFREG | 0o755) << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def bootstrap(built, binary):
    """A binary as cargo built it, without what is for debuggers: a fifth of the size."""
    with tempfile.TemporaryDirectory() as directory:
        bare = Path(directory) / "bootstrap"
        subprocess.run(["strip", "-o", bare, built / binary], check=True)
        return bare.read_bytes()


def drop(template, name):
    """The template without a resource and whatever waits for it by name alone."""
    del template["Resources"][name]
    for resource in template["Resources"].values():
        waits = resource.get("DependsOn", [])
        waits = [waits] if isinstance(waits, str) else waits
        if name in waits:
            resource["DependsOn"] = [other for other in waits if other != name]


def _of_kind(kind, also=lambda resource: True):
    def named(template):
        return [name for name, resource in sam.of_type(template, kind).items() if also(resource)]

    return named


def _is_canary(resource):
    return "CodeDeployLambdaAliasUpdate" in resource.get("UpdatePolicy", {})


def _keeps_update_policy(template, name):
    del template["Resources"][name]["UpdatePolicy"]


# All that is taken out of the template for the emulator. Each is tried with the rest and without itself first: what the emulator
# has learned to make is an error here, as is what the template no longer has.
CHANGES = [
    Change(
        "alarms on an expression",
        "the emulator's CloudFormation refuses AWS::CloudWatch::Alarm with Metrics",
        _of_kind("AWS::CloudWatch::Alarm", lambda alarm: "Metrics" in alarm["Properties"]),
        drop,
    ),
    Change(
        "CodeDeploy applications",
        "the emulator has no CodeDeploy: versions are shifted at once",
        _of_kind("AWS::CodeDeploy::Application"),
        drop,
    ),
    Change(
        "CodeDeploy deployment groups",
        "the emulator has no CodeDeploy: nothing rolls back on an alarm",
        _of_kind("AWS::CodeDeploy::DeploymentGroup"),
        drop,
    ),
]


class Stack:
    """The deployed template."""

    def __init__(self, emulator, infra, built, name="tercile"):
        self.emulator, self.infra, self.name = emulator, infra, name
        self.parameters, self.literals = {}, set()
        template = sam.read(infra)
        binaries = {
            function: resource["Metadata"]["BuildProperties"]["Binary"]
            for function, resource in sam.of_type(template, "AWS::Serverless::Function").items()
        }
        self.packages = {function: bootstrap(built, binary) for function, binary in binaries.items()}
        store = emulator.client("s3")
        store.create_bucket(Bucket=BUCKET)
        for function, package in self.packages.items():
            store.put_object(Bucket=BUCKET, Key=function, Body=zipped({"bootstrap": package}))
        self.template = sam.transform(template, infra, REGION, lambda function: f"s3://{BUCKET}/{function}")

    def made(self, besides=None):
        """What is deployed: the template without what the emulator cannot make, but with this one change left out."""
        template = copy.deepcopy(self.template)
        for change in CHANGES:
            if change is not besides:
                for name in change.applies(template):
                    change.make(template, name)
        return put_in(template, {name: self.parameters[name] for name in self.literals})

    def deploy(self, **parameters):
        """Makes the stack, or brings it to other parameters."""
        update = hasattr(self, "deployed")
        self.parameters = {**self.parameters, **parameters}
        self.deployed = self.made()
        status = self._send(self.deployed, self.name, update)
        if status != ("UPDATE_COMPLETE" if update else "CREATE_COMPLETE"):
            raise Wrong(f"the stack is {status} {self._failures(self.name)}")

    def make_routes(self):
        """The routes of the API's document, which the emulator does not read."""
        gateway, values = self.emulator.client("apigatewayv2"), self.values()
        for name, api in sam.of_type(self.deployed, "AWS::ApiGatewayV2::Api").items():
            if gateway.get_routes(ApiId=values.ids[name])["Items"]:
                raise Wrong("the emulator makes routes of the API's Body now: make_routes() is not needed any more")
            for path, methods in api["Properties"]["Body"]["paths"].items():
                for method, route in methods.items():
                    told = values.of(route["x-amazon-apigateway-integration"])
                    integration = gateway.create_integration(
                        ApiId=values.ids[name],
                        IntegrationType=told["type"].upper(),
                        IntegrationMethod=told["httpMethod"],
                        IntegrationUri=told["uri"],
                        PayloadFormatVersion=told["payloadFormatVersion"],
                    )
                    # As OpenAPI's extension calls what takes every method.
                    method = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                    gateway.create_route(
                        ApiId=values.ids[name],
                        RouteKey=f"{method} {path}",
                        Target=f"integrations/{integration['IntegrationId']}",
                    )

    def needless_changes(self):
        """The changes that the template or the emulator no longer needs, with the reason."""
        for number, change in enumerate(CHANGES):
            if not change.applies(self.template):
                yield f"{change.name}: the template has none"
            elif self._send(self.made(besides=change), f"{self.name}-whole-{number}", False) == "CREATE_COMPLETE":
                yield f"{change.name}: the emulator makes them"

    def left_out(self):
        """What was not deployed: names and reasons."""
        return [(", ".join(change.applies(self.template)), change.why) for change in CHANGES]

    def values(self):
        """What the template's expressions come to."""
        return Values(self.deployed, self.name, self.parameters, self.ids(), self._asked)

    def values_without_parameters(self):
        """What conditions come to in a stack that is given no parameters."""
        return Values(self.deployed, self.name, {}, {}, self._asked)

    def ids(self):
        """Physical ids by the resources' names."""
        pages = self.emulator.client("cloudformation").get_paginator("list_stack_resources")
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.name)
            for resource in page["StackResourceSummaries"]
        }

    def _asked(self, kind, found, attribute):
        if (kind, attribute) == ("AWS::SecretsManager::Secret", "SecretString"):
            return self.emulator.client("secretsmanager").get_secret_value(SecretId=found)["SecretString"]
        if (kind, attribute) == ("AWS::DynamoDB::Table", "StreamArn"):
            return self.emulator.client("dynamodb").describe_table(TableName=found)["Table"]["LatestStreamArn"]
        if kind == "AWS::ApiGatewayV2::DomainName":
            told = self.emulator.client("apigatewayv2").get_domain_name(DomainName=found)["DomainNameConfigurations"][0]
            return told[{"RegionalDomainName": "ApiGatewayDomainName", "RegionalHostedZoneId": "HostedZoneId"}[attribute]]
        raise Wrong(f"nobody here knows {attribute} of {kind}")

    def _send(self, template, name, update):
        # By way of the store: a request holds a template of at most 51,200 bytes, and a stack of this one takes more.
        key = f"{name}.json"
        text = json.dumps(with_definition_strings(template))
        self.emulator.client("s3").put_object(Bucket=BUCKET, Key=key, Body=text.encode())
        formation = self.emulator.client("cloudformation")
        told = [{"ParameterKey": key, "ParameterValue": str(value)} for key, value in self.parameters.items()]
        try:
            (formation.update_stack if update else formation.create_stack)(
                StackName=name,
                TemplateURL=f"{self.emulator.url}/{BUCKET}/{key}",
                Parameters=told,
                Capabilities=["CAPABILITY_IAM"],
            )
        except ClientError as refused:
            return f"refused: {refused.response['Error']['Message'][:1000]}"
        return until(
            f"stack {name}",
            lambda: formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"],
            lambda status: not status.endswith("IN_PROGRESS"),
        )

    def _failures(self, name):
        told = self.emulator.client("cloudformation").describe_stack_events
        events = (absent(lambda: told(StackName=name), "ValidationError") or {"StackEvents": []})["StackEvents"]
        failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
        return "; ".join(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in failed)


def with_definition_strings(template):
    """State machines as SAM hands them over: their definition as one string."""
    template = copy.deepcopy(template)
    for machine in sam.of_type(template, "AWS::StepFunctions::StateMachine").values():
        machine["Properties"]["DefinitionString"] = json.dumps(machine["Properties"].pop("Definition"))
    return template


def put_in(value, parameters):
    """The template with the values of these parameters in the place of the references to them."""
    if isinstance(value, list):
        return [put_in(inner, parameters) for inner in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"} and value["Ref"] in parameters:
        return str(parameters[value["Ref"]])
    return {key: put_in(inner, parameters) for key, inner in value.items()}
