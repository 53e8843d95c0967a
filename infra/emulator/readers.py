"""What was made, by type and physical id, in the words of a template's properties: what the emulator's APIs tell, and no more."""

import json

import sam
from botocore.exceptions import ClientError

# What a service says where the template says nothing.
DEFAULTS = {
    ("AWS::CloudWatch::Alarm", "ActionsEnabled"): [True],
    ("AWS::CloudWatch::Alarm", "Statistic"): ["Average"],
    ("AWS::Lambda::EventSourceMapping", "Enabled"): [True],
    ("AWS::Lambda::EventSourceMapping", "StartingPosition"): ["LATEST"],
    ("AWS::Lambda::EventInvokeConfig", "MaximumEventAgeInSeconds"): [21600],
    ("AWS::SQS::Queue", "DelaySeconds"): ["0"],
    ("AWS::SQS::Queue", "MaximumMessageSize"): ["1048576"],
    ("AWS::SQS::Queue", "MessageRetentionPeriod"): ["345600"],
    ("AWS::SQS::Queue", "ReceiveMessageWaitTimeSeconds"): ["0"],
    ("AWS::SQS::Queue", "VisibilityTimeout"): ["30"],
    ("AWS::Lambda::Function", "TracingConfig"): [{"Mode": "PassThrough"}],
    ("AWS::Scheduler::Schedule", "ScheduleExpressionTimezone"): ["UTC"],
    ("AWS::Scheduler::Schedule", "State"): ["ENABLED"],
    ("AWS::StepFunctions::StateMachine", "TracingConfiguration"): [{"Enabled": False}],
}

# Names that CloudFormation makes up where the template gives none.
MADE_UP = {"AlarmName", "DashboardName", "DisplayName", "QueueName", "TopicName"}


def absent(call, *codes):
    """What the call answers, or nothing where the answer is that there is none."""
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] in codes:
            return None
        raise


def pages(client, operation, key, **given):
    return [item for page in client.get_paginator(operation).paginate(**given) for item in page[key]]


def words(told, *keys):
    """Of an answer, these; what it does not tell, or tells as nothing, is not there."""
    return {key: told[key] for key in keys if told.get(key) not in (None, {}, [])}


def tags_of(told):
    """Tags but CloudFormation's own, from a list or a map."""
    told = [(tag["Key"], tag["Value"]) for tag in told] if isinstance(told, list) else told.items()
    return [{"Key": key, "Value": value} for key, value in told if not key.startswith("aws:")]


def tables(emulator, _):
    client = emulator.client("dynamodb")
    for name in client.list_tables()["TableNames"]:
        told = client.describe_table(TableName=name)["Table"]
        expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        enabled = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
        indexes = told.get("GlobalSecondaryIndexes", [])
        yield name, {
            **words(told, "AttributeDefinitions", "KeySchema", "DeletionProtectionEnabled"),
            "BillingMode": told["BillingModeSummary"]["BillingMode"],
            "GlobalSecondaryIndexes": [words(index, "IndexName", "KeySchema", "Projection") for index in indexes],
            "StreamSpecification": words(told.get("StreamSpecification", {}), "StreamViewType"),
            "TimeToLiveSpecification": {"AttributeName": expiry["AttributeName"], "Enabled": True}
            if expiry["TimeToLiveStatus"] == "ENABLED"
            else {},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": enabled},
            "SSESpecification": {"SSEEnabled": told.get("SSEDescription", {}).get("Status") == "ENABLED"},
            "Tags": tags_of(client.list_tags_of_resource(ResourceArn=told["TableArn"])["Tags"]),
        }


def functions(emulator, _):
    client = emulator.client("lambda")
    for told in pages(client, "list_functions", "Functions"):
        same = ["Handler", "MemorySize", "Role", "Runtime", "Timeout", "Environment", "Architectures", "LoggingConfig"]
        reserved = client.get_function_concurrency(FunctionName=told["FunctionName"])
        yield told["FunctionName"], {
            **words(told, *same, "TracingConfig", "DeadLetterConfig"),
            **words(reserved, "ReservedConcurrentExecutions"),
            "Tags": tags_of(client.list_tags(Resource=told["FunctionArn"])["Tags"]),
        }


def permissions(emulator, _):
    client = emulator.client("lambda")
    for function in pages(client, "list_functions", "Functions"):
        name = function["FunctionName"]
        aliases = [alias["Name"] for alias in pages(client, "list_aliases", "Aliases", FunctionName=name)]
        for qualifier in [None, *aliases]:
            given = {"Qualifier": qualifier} if qualifier else {}
            policy = absent(lambda: client.get_policy(FunctionName=name, **given), "ResourceNotFoundException")
            for statement in json.loads(policy["Policy"])["Statement"] if policy else []:
                yield statement["Sid"], {
                    "Action": statement["Action"],
                    "FunctionName": statement["Resource"] if qualifier else name,
                    "Principal": statement["Principal"]["Service"],
                    "SourceArn": statement["Condition"]["ArnLike"]["AWS:SourceArn"],
                }


def aliases(emulator, _):
    client = emulator.client("lambda")
    for function in pages(client, "list_functions", "Functions"):
        for alias in pages(client, "list_aliases", "Aliases", FunctionName=function["FunctionName"]):
            yield alias["AliasArn"], {**words(alias, "Name", "FunctionVersion"), "FunctionName": function["FunctionName"]}


def versions(emulator, _):
    client = emulator.client("lambda")
    for function in pages(client, "list_functions", "Functions"):
        for told in pages(client, "list_versions_by_function", "Versions", FunctionName=function["FunctionName"]):
            if told["Version"] != "$LATEST":
                yield told["FunctionArn"], {"FunctionName": function["FunctionName"], **words(told, "Description")}


def invoke_configs(emulator, values):
    client = emulator.client("lambda")
    for function in pages(client, "list_functions", "Functions"):
        name = function["FunctionName"]
        for told in client.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]:
            qualifier = told["FunctionArn"].split(":function:")[1].partition(":")[2] or "$LATEST"
            yield f"{name}:{qualifier}", {
                **words(told, "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"),
                "FunctionName": name,
                "Qualifier": qualifier,
            }


def sources(emulator, values):
    written = sam.of_type(values.template, "AWS::Lambda::EventSourceMapping").values()
    written = [values.of(source["Properties"]["FunctionName"]) for source in written]
    same = ["EventSourceArn", "BatchSize", "BisectBatchOnFunctionError", "DestinationConfig", "FilterCriteria"]
    same += ["MaximumBatchingWindowInSeconds", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "ParallelizationFactor"]
    same += ["FunctionResponseTypes", "StartingPosition", "ScalingConfig", "TumblingWindowInSeconds"]
    for told in pages(emulator.client("lambda"), "list_event_source_mappings", "EventSourceMappings"):
        yield told["UUID"], {
            **words(told, *same),
            # By name or by ARN, as the template has it.
            "FunctionName": next((name for name in written if told["FunctionArn"].endswith(f":{name}")), told["FunctionArn"]),
            "Enabled": told["State"] in ("Enabled", "Enabling"),
        }


def roles(emulator, _):
    client = emulator.client("iam")
    for told in pages(client, "list_roles", "Roles"):
        name = told["RoleName"]
        attached = client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        named = client.list_role_policies(RoleName=name)["PolicyNames"]
        policies = [client.get_role_policy(RoleName=name, PolicyName=policy) for policy in named]
        yield name, {
            "AssumeRolePolicyDocument": told["AssumeRolePolicyDocument"],
            "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
            "Policies": [words(policy, "PolicyName", "PolicyDocument") for policy in policies],
            "Tags": tags_of(client.list_role_tags(RoleName=name)["Tags"]),
        }


def log_groups(emulator, _):
    for told in pages(emulator.client("logs"), "describe_log_groups", "logGroups"):
        yield told["logGroupName"], {
            "LogGroupName": told["logGroupName"],
            "RetentionInDays": told.get("retentionInDays"),
            "KmsKeyId": told.get("kmsKeyId"),
        }


def secrets(emulator, _):
    client = emulator.client("secretsmanager")
    for told in pages(client, "list_secrets", "SecretList"):
        yield told["Name"], {**words(told, "Description"), "Tags": tags_of(told.get("Tags", []))}


def machines(emulator, _):
    client = emulator.client("stepfunctions")
    for listed in pages(client, "list_state_machines", "stateMachines"):
        told = client.describe_state_machine(stateMachineArn=listed["stateMachineArn"])
        yield listed["stateMachineArn"], {
            "Definition": json.loads(told["definition"]),
            "RoleArn": told["roleArn"],
            "StateMachineName": told["name"],
            "StateMachineType": told["type"],
            "TracingConfiguration": {"Enabled": told.get("tracingConfiguration", {}).get("enabled", False)},
            "Tags": [
                {"Key": tag["key"], "Value": tag["value"]}
                for tag in client.list_tags_for_resource(resourceArn=listed["stateMachineArn"])["tags"]
                if not tag["key"].startswith("aws:")
            ],
        }


def schedules(emulator, _):
    client = emulator.client("scheduler")
    for listed in pages(client, "list_schedules", "Schedules"):
        told = client.get_schedule(Name=listed["Name"], GroupName=listed["GroupName"])
        same = ["Description", "FlexibleTimeWindow", "ScheduleExpression", "ScheduleExpressionTimezone", "State", "Target"]
        yield listed["Name"], words(told, *same)


def apis(emulator, _):
    for told in emulator.client("apigatewayv2").get_apis()["Items"]:
        yield told["ApiId"], words(told, "CorsConfiguration")


def stages(emulator, values):
    client = emulator.client("apigatewayv2")
    for api in client.get_apis()["Items"]:
        for told in client.get_stages(ApiId=api["ApiId"])["Items"]:
            same = ["StageName", "AutoDeploy", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings"]
            yield told["StageName"], {
                **words(told, *same),
                "ApiId": api["ApiId"],
                "Tags": {tag["Key"]: tag["Value"] for tag in tags_of(told.get("Tags", {}))},
            }


def queues(emulator, _):
    client = emulator.client("sqs")
    for url in client.list_queues().get("QueueUrls", []):
        told = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        same = ["VisibilityTimeout", "MessageRetentionPeriod", "DelaySeconds", "KmsMasterKeyId", "SqsManagedSseEnabled"]
        same += ["FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"]
        same += ["ReceiveMessageWaitTimeSeconds", "MaximumMessageSize"]
        # Its own host is called what it was called by whoever asked, and `localhost` in CloudFormation.
        yield url.replace("//127.0.0.1:", "//localhost:"), {
            **words(told, *same),
            "RedrivePolicy": json.loads(told.get("RedrivePolicy", "{}")),
            "QueueName": url.rsplit("/", 1)[-1],
            "Tags": tags_of(client.list_queue_tags(QueueUrl=url).get("Tags", {})),
        }


def queue_policies(emulator, values):
    client = emulator.client("sqs")
    for name, resource in sam.of_type(values.template, "AWS::SQS::QueuePolicy").items():
        [url] = values.of(resource["Properties"]["Queues"])
        told = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
        yield values.ids[name], {"Queues": [url], "PolicyDocument": json.loads(told.get("Policy", "{}"))}


def topics(emulator, _):
    client = emulator.client("sns")
    for listed in pages(client, "list_topics", "Topics"):
        told = client.get_topic_attributes(TopicArn=listed["TopicArn"])["Attributes"]
        yield listed["TopicArn"], {
            **words(told, "DisplayName", "KmsMasterKeyId"),
            "Tags": tags_of(client.list_tags_for_resource(ResourceArn=listed["TopicArn"])["Tags"]),
        }


def topic_policies(emulator, values):
    client = emulator.client("sns")
    for name, resource in sam.of_type(values.template, "AWS::SNS::TopicPolicy").items():
        [arn] = values.of(resource["Properties"]["Topics"])
        told = client.get_topic_attributes(TopicArn=arn)["Attributes"]
        yield values.ids[name], {"Topics": [arn], "PolicyDocument": json.loads(told.get("Policy", "{}"))}


def alarms(emulator, _):
    same = ["AlarmDescription", "AlarmActions", "OKActions", "MetricName", "Namespace", "Dimensions", "Statistic"]
    same += ["ExtendedStatistic", "Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator"]
    same += ["TreatMissingData", "Unit", "ActionsEnabled", "InsufficientDataActions", "EvaluateLowSampleCountPercentile"]
    for told in pages(emulator.client("cloudwatch"), "describe_alarms", "MetricAlarms"):
        yield told["AlarmName"], {"AlarmName": told["AlarmName"], **words(told, *same, "Metrics")}


def dashboards(emulator, _):
    client = emulator.client("cloudwatch")
    for listed in client.list_dashboards()["DashboardEntries"]:
        told = client.get_dashboard(DashboardName=listed["DashboardName"])
        yield listed["DashboardName"], {"DashboardName": listed["DashboardName"], "DashboardBody": told["DashboardBody"]}


def buses(emulator, _):
    client = emulator.client("events")
    for told in client.list_event_buses()["EventBuses"]:
        if told["Name"] != "default":
            tags = client.list_tags_for_resource(ResourceARN=told["Arn"])["Tags"]
            yield told["Name"], {"Name": told["Name"], **words(told, "Description"), "Tags": tags_of(tags)}


def domains(emulator, _):
    for told in emulator.client("apigatewayv2").get_domain_names()["Items"]:
        same = ["CertificateArn", "EndpointType", "SecurityPolicy"]
        configurations = [words(one, *same) for one in told["DomainNameConfigurations"]]
        yield told["DomainName"], {**words(told, "DomainName"), "DomainNameConfigurations": configurations}


def mappings(emulator, _):
    client = emulator.client("apigatewayv2")
    for domain in client.get_domain_names()["Items"]:
        for told in client.get_api_mappings(DomainName=domain["DomainName"])["Items"]:
            same = words(told, "ApiId", "Stage", "ApiMappingKey")
            yield told["ApiMappingId"], {**same, "DomainName": domain["DomainName"]}


def records(emulator, _):
    client = emulator.client("route53")
    for zone in pages(client, "list_hosted_zones", "HostedZones"):
        for told in pages(client, "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]):
            if told["Type"] not in ("NS", "SOA"):
                # Names end with a dot there, and need not in a template.
                target = {key: str(value).rstrip(".") for key, value in told.get("AliasTarget", {}).items() if value}
                yield told["Name"], {
                    **words(told, "Type"),
                    "Name": told["Name"].rstrip("."),
                    "AliasTarget": target,
                    "HostedZoneId": zone["Id"].rsplit("/", 1)[-1],
                }


def subscriptions(emulator, _):
    for told in pages(emulator.client("sns"), "list_subscriptions", "Subscriptions"):
        yield told["SubscriptionArn"], words(told, "TopicArn", "Protocol", "Endpoint")


READERS = {
    "AWS::ApiGatewayV2::Api": apis,
    "AWS::ApiGatewayV2::ApiMapping": mappings,
    "AWS::ApiGatewayV2::DomainName": domains,
    "AWS::ApiGatewayV2::Stage": stages,
    "AWS::CloudWatch::Alarm": alarms,
    "AWS::CloudWatch::Dashboard": dashboards,
    "AWS::DynamoDB::Table": tables,
    "AWS::Events::EventBus": buses,
    "AWS::IAM::Role": roles,
    "AWS::Lambda::Alias": aliases,
    "AWS::Lambda::EventInvokeConfig": invoke_configs,
    "AWS::Lambda::EventSourceMapping": sources,
    "AWS::Lambda::Function": functions,
    "AWS::Lambda::Permission": permissions,
    "AWS::Lambda::Version": versions,
    "AWS::Logs::LogGroup": log_groups,
    "AWS::Route53::RecordSet": records,
    "AWS::SNS::Subscription": subscriptions,
    "AWS::SNS::Topic": topics,
    "AWS::SNS::TopicPolicy": topic_policies,
    "AWS::SQS::Queue": queues,
    "AWS::SQS::QueuePolicy": queue_policies,
    "AWS::Scheduler::Schedule": schedules,
    "AWS::SecretsManager::Secret": secrets,
    "AWS::StepFunctions::StateMachine": machines,
}
