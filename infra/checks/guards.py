"""Rights, queues, logs and versions: what no linter knows of them."""

from checks import named
from sam import of_type

# What SAM adds itself and nothing else does. Logs: on every log group. X-Ray: its actions know no resources. CodeDeploy: by its own role.
MANAGED = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess", "AWSCodeDeployRoleForLambda"}
FOURTEEN_DAYS = 14 * 24 * 3600


def many(value):
    return value if isinstance(value, list) else [value]


def right_findings(transformed):
    """No statement is for every action of a service or for every resource, whoever wrote it."""
    for name, role in of_type(transformed, "AWS::IAM::Role").items():
        properties = role["Properties"]
        for managed in properties.get("ManagedPolicyArns", []):
            if str(managed).split("/")[-1].rstrip("'}") not in MANAGED:
                yield f"{name} has the managed policy {managed}"
        for policy in properties.get("Policies", []):
            statements = many(policy["PolicyDocument"]["Statement"])
            ids = [s["Sid"] for s in statements if "Sid" in s]
            if len(ids) != len(set(ids)):
                yield f"{name} has a policy with the same Sid twice, which IAM refuses"
            for statement in statements:
                for action in many(statement.get("Action", "*")):
                    if "*" in action:
                        yield f"{name} may do {action}"
                for resource in many(statement.get("Resource", "*")):
                    text = resource.get("Fn::Sub", "") if isinstance(resource, dict) else resource
                    # Executions have names of their own, made when they begin.
                    if "*" in str(text) and ":execution:" not in str(text):
                        yield f"{name} may do {statement.get('Action')} to {text}"


def queue_findings(template):
    """Every queue is encrypted, and what it gives up lies in another queue, or is what an alarm tells of for 14 days."""
    queues = of_type(template, "AWS::SQS::Queue")
    watched = {
        named(dimension["Value"])
        for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"].get("MetricName") == "ApproximateNumberOfMessagesVisible"
        for dimension in alarm["Properties"]["Dimensions"]
    }
    for name, queue in queues.items():
        properties = queue["Properties"]
        if not (properties.get("SqsManagedSseEnabled") or properties.get("KmsMasterKeyId")):
            yield f"queue {name} is not encrypted"
        redrive = properties.get("RedrivePolicy")
        if redrive:
            if named(redrive["deadLetterTargetArn"]) not in queues:
                yield f"queue {name} gives up into no queue of this template"
        elif name not in watched:
            yield f"queue {name} has neither a dead-letter queue nor an alarm on its depth"
        elif properties.get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            yield f"queue {name} does not keep what failed for 14 days"


def source_findings(template):
    """What reads a stream or a queue says what fails, goes on, and puts away what it gives up; a queue waits for the function."""
    functions, queues = of_type(template, "AWS::Serverless::Function"), of_type(template, "AWS::SQS::Queue")
    for name, mapping in of_type(template, "AWS::Lambda::EventSourceMapping").items():
        properties = mapping["Properties"]
        if properties.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"mapping {name} takes a whole batch back where one record failed"
        source = named(properties["EventSourceArn"])
        if source in queues:
            timeout = functions[named(properties["FunctionName"])]["Properties"]["Timeout"]
            if queues[source]["Properties"].get("VisibilityTimeout", 30) < 6 * timeout:
                yield f"queue {source} shows a message again before the function that has it is at its end"
            if "RedrivePolicy" not in queues[source]["Properties"]:
                yield f"queue {source} is read and has no dead-letter queue"
        else:
            if not named(properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")) in queues:
                yield f"mapping {name} drops what it gives up"
            if properties.get("MaximumRetryAttempts", -1) < 0 or not properties.get("BisectBatchOnFunctionError"):
                yield f"mapping {name} stands still before a bad record"


def log_findings(template):
    """Every log group forgets, and every function writes into one of them."""
    groups = of_type(template, "AWS::Logs::LogGroup")
    for name, group in groups.items():
        if "RetentionInDays" not in group["Properties"]:
            yield f"log group {name} keeps everything for ever"
    for name, function in of_type(template, "AWS::Serverless::Function").items():
        if named(function["Properties"].get("LoggingConfig", {}).get("LogGroup")) not in groups:
            yield f"{name} logs into a group that is not of this template"


def version_findings(template, transformed):
    """A published version is another one after a rotation of secrets, and one that fails is taken back."""
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    for name, function in of_type(template, "AWS::Serverless::Function").items():
        if "AutoPublishAlias" not in function["Properties"]:
            continue
        versions = [v for n, v in of_type(transformed, "AWS::Lambda::Version").items() if n.startswith(name)]
        if not any("CodeSecretRotation" in str(version["Properties"].get("Description")) for version in versions):
            yield f"{name}: a rotation of secrets publishes no version"
        preference = function["Properties"].get("DeploymentPreference", {})
        metrics = {
            alarms[alarm]["Properties"].get("MetricName")
            for alarm in alarms
            if f"'{alarm}'" in str(preference.get("Alarms"))
            and "ExecutedVersion" in str(alarms[alarm]["Properties"].get("Dimensions"))
        }
        if not {"Errors", "Duration"} <= metrics:
            yield f"{name}: a new version is not taken back for its errors and its duration"
