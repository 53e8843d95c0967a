"""Alarms and the dashboard: that each says something, about a metric that somebody sends."""

import json
import re

from checks import named
from sam import of_type

# What the functions send, by its dimensions (shared/web/src/lambda/metrics.rs; a test there holds the functions to it).
EMITTED = {
    "ServerErrors": {"Function"},
    "ColdStart": {"Function"},
    "ReadUnits": {"Function"},
    "WriteUnits": {"Function"},
    "RunsPublished": set(),
    "RunsFailed": set(),
    "RunsOverdue": set(),
    "Ticks": set(),
}

# What AWS sends of what is used here. No tool knows this: an alarm on a metric that does not exist is silent for ever.
# Source: each service's guide, "metrics".
OF_AWS = {
    "AWS/Lambda": {
        "Errors": [{"FunctionName"}, {"FunctionName", "Resource", "ExecutedVersion"}],
        "Duration": [{"FunctionName"}, {"FunctionName", "Resource", "ExecutedVersion"}],
        "Throttles": [{"FunctionName"}],
        "Invocations": [{"FunctionName"}],
        "IteratorAge": [{"FunctionName"}],
    },
    "AWS/ApiGateway": {"5xx": [{"ApiId"}]},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible": [{"QueueName"}]},
    "AWS/DynamoDB": {
        "ReadThrottleEvents": [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
        "WriteThrottleEvents": [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
        "SystemErrors": [{"TableName", "Operation"}],
    },
    "AWS/States": {"ExecutionsFailed": [{"StateMachineArn"}], "ExecutionsTimedOut": [{"StateMachineArn"}]},
}

OWN = "Tercile/${AWS::StackName}"


def metric_findings(where, namespace, metric, dimensions, functions):
    """Somebody sends this metric, with these dimensions (names and values)."""
    if namespace == OWN:
        if metric not in EMITTED or EMITTED[metric] != set(dimensions):
            yield f"{where}: no function sends {metric} by {sorted(dimensions)}"
        elif "Function" in dimensions and dimensions["Function"] not in functions:
            yield f"{where}: there is no function {dimensions['Function']}"
    elif set(dimensions) not in OF_AWS.get(namespace, {}).get(metric, []):
        yield f"{where}: {namespace} has no {metric} by {sorted(dimensions)}"


def text(value):
    return value.get("Fn::Sub") if isinstance(value, dict) else value


def alarm_metrics(properties):
    """An alarm's metrics as namespace, name, dimensions."""
    ones = [m["MetricStat"]["Metric"] for m in properties.get("Metrics", []) if "MetricStat" in m] or [properties]
    for metric in ones:
        dimensions = {d["Name"]: text(d["Value"]) for d in metric.get("Dimensions", [])}
        yield text(metric.get("Namespace")), metric.get("MetricName"), dimensions


def packages(template):
    functions = of_type(template, "AWS::Serverless::Function")
    return {str(function["Properties"]["CodeUri"]).split("/")[-1] for function in functions.values()}


def alarm_findings(template, guide):
    """Every alarm says what it means, stands in the guide, tells somebody, decides about silence, and can go on."""
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items():
        properties = alarm["Properties"]
        if not properties.get("AlarmDescription", "").endswith(f"See docs/deploy.md: {name}"):
            yield f"alarm {name} does not say where the guide is"
        if f"`{name}`" not in guide:
            yield f"alarm {name} is not in docs/deploy.md"
        topics = of_type(template, "AWS::SNS::Topic")
        if not any(named(action) in topics for action in properties.get("AlarmActions", [])):
            yield f"alarm {name} tells nobody"
        if "TreatMissingData" not in properties:
            yield f"alarm {name} does not say what silence means"
        for metric in alarm_metrics(properties):
            yield from metric_findings(f"alarm {name}", *metric, packages(template))


def watched_findings(template):
    """Every function has alarms on its errors, throttles and p99; every state machine on its failures, every table on refusals."""
    watched = {
        (metric, named(d["Value"]), properties.get("ExtendedStatistic"))
        for properties in (alarm["Properties"] for alarm in of_type(template, "AWS::CloudWatch::Alarm").values())
        for metric, dimensions in [
            (m["MetricStat"]["Metric"]["MetricName"], m["MetricStat"]["Metric"].get("Dimensions", []))
            for m in properties.get("Metrics", [])
            if "MetricStat" in m
        ]
        or [(properties.get("MetricName"), properties.get("Dimensions", []))]
        # A version's alarm is not the function's.
        if not any(d["Name"] == "ExecutedVersion" for d in dimensions)
        for d in dimensions
    }
    wanted = {
        "AWS::Serverless::Function": [("Errors", None), ("Throttles", None), ("Duration", "p99")],
        "AWS::Serverless::StateMachine": [("ExecutionsFailed", None), ("ExecutionsTimedOut", None)],
        "AWS::DynamoDB::Table": [("ReadThrottleEvents", None), ("WriteThrottleEvents", None), ("SystemErrors", None)],
    }
    for kind, metrics in wanted.items():
        for name in of_type(template, kind):
            for metric, statistic in metrics:
                if (metric, name, statistic) not in watched:
                    yield f"{name} has no alarm on {statistic or ''} {metric}".replace("  ", " ")


def dashboard_findings(template, prices):
    """The dashboard is JSON, of metrics that somebody sends, with the prices and the memory that there are."""
    for name, dashboard in of_type(template, "AWS::CloudWatch::Dashboard").items():
        body = dashboard["Properties"]["DashboardBody"]["Fn::Sub"]
        try:
            widgets = json.loads(body)["widgets"]
        except ValueError as error:
            yield f"dashboard {name} is no JSON: {error}"
            continue
        for widget in widgets:
            for metric in widget["properties"]["metrics"]:
                if isinstance(metric[0], dict):
                    continue
                pairs = [part for part in metric[2:] if isinstance(part, str)]
                dimensions = dict(zip(pairs[::2], pairs[1::2]))
                where = f"dashboard {name}, {widget['properties']['title']}"
                yield from metric_findings(where, metric[0], metric[1], dimensions, packages(template))
        used = {float(price) for price in re.findall(r"\* ([0-9.]+) / 1000000", body)}
        named_prices = ("dynamodb_read_unit", "dynamodb_write_unit", "lambda_arm_gb_second")
        there = {prices["prices"][price]["usd_per_million"] for price in named_prices}
        if used != there:
            yield f"dashboard {name} counts with prices {sorted(used)}, and prices.json has {sorted(there)}"
        memory = [int(mb) for mb in re.findall(r"d\d\*(\d+)", body)]
        functions = of_type(template, "AWS::Serverless::Function").values()
        if sorted(memory) != sorted(function["Properties"].get("MemorySize", 0) for function in functions):
            yield f"dashboard {name} counts with other memory than the functions have"
