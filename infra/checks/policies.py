"""What may call a function: a statement in its own policy for each route, and Lambda bounds what they come to."""

import json
from collections import Counter

from sam import of_type

# "Lambda quotas", AWS Lambda Developer Guide: function resource-based policy, 20 KB.
POLICY = 20_480
# As long as a region, an account and CloudFormation's names make them.
LONGEST = {
    "AWS::Partition": "aws",
    "AWS::Region": "ap-southeast-2",
    "AWS::AccountId": "0" * 12,
    "__ApiId__": "x" * 10,
    "__Stage__": "*",
}
STACK, SUFFIX = "tercile-prod", "X" * 13


def policy_findings(transformed):
    """The statements of each function's policy fit."""
    sizes = Counter()
    for name, permission in of_type(transformed, "AWS::Lambda::Permission").items():
        properties = permission["Properties"]
        function = properties["FunctionName"]["Ref"]
        statement = {
            "Sid": f"{STACK}-{name}-{SUFFIX}",
            "Effect": "Allow",
            "Principal": {"Service": properties["Principal"]},
            "Action": properties["Action"],
            "Resource": f"arn:aws:lambda:{LONGEST['AWS::Region']}:{LONGEST['AWS::AccountId']}:function:{STACK}-{function}-{SUFFIX}",
            "Condition": {"ArnLike": {"AWS:SourceArn": _source(properties.get("SourceArn", ""))}},
        }
        sizes[function] += len(json.dumps(statement, separators=(",", ":"))) + 1
    for function, size in sizes.items():
        if size > POLICY:
            yield f"the policy of {function} would have {size} bytes, and {POLICY} at most: it has too many routes"


def _source(arn):
    text = arn["Fn::Sub"] if isinstance(arn, dict) and "Fn::Sub" in arn else arn
    text = text[0] if isinstance(text, list) else str(text)
    for variable, value in LONGEST.items():
        text = text.replace("${" + variable + "}", value)
    return text
