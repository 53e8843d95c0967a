"""What SAM makes of infra/template.yaml: for the check that lints it and for the one that deploys it."""

import json

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = "template.yaml"


def read(infra):
    """The template as it is written, each time a new one: a transformation changes what it is given."""
    return yaml_parse((infra / TEMPLATE).read_text())


def of_type(template, kind):
    """The resources of a type by their names."""
    return {name: r for name, r in template["Resources"].items() if r.get("Type") == kind}


def routes(template):
    """The routes that functions name, each as method, path and the function's name."""
    for name, function in of_type(template, "AWS::Serverless::Function").items():
        for event in function["Properties"].get("Events", {}).values():
            if event["Type"] == "HttpApi":
                properties = event["Properties"]
                yield properties.get("Method", "any").upper(), properties.get("Path", "$default"), name


def transform(template, infra, region, code_uri=lambda name: "s3://bucket/key"):
    """The template as CloudFormation gets it, after what `sam package` and the SAM transform do to it.

    `code_uri` says where a function's package lies, by the function's name.
    """
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = code_uri(name)
        if resource["Type"] == "AWS::Serverless::StateMachine" and "DefinitionUri" in properties:
            properties["Definition"] = json.loads((infra / properties.pop("DefinitionUri")).read_text())
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
    try:
        transformed = translator.translate(template, parameter_values={})
    finally:
        translator.metrics.publish()  # To nowhere, but it complains about metrics that were not published.
    for machine in of_type(transformed, "AWS::StepFunctions::StateMachine").values():
        # SAM makes one string of the definition, and cfn-lint does not look into that.
        lines = machine["Properties"].pop("DefinitionString")["Fn::Join"][1]
        machine["Properties"]["Definition"] = json.loads("\n".join(lines))
    return transformed
