"""What the template's expressions come to in a deployed stack, computed here and not asked of the emulator.

So that a value which the emulator computes wrongly, or which refers to another resource than it should, is found.
"""

import re

from .process import ACCOUNT, REGION

PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": None,
}

# The ARN of a resource by its physical id; those that are ARNs themselves are not here.
ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{id}",
    "AWS::Events::EventBus": "arn:aws:events:{region}:{account}:event-bus/{id}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{id}",
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{id}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{id}:*",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "AWS::CloudWatch::Alarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{id}",
}


class Values:
    """The values of a template's expressions, given its parameters and the physical ids of its resources."""

    def __init__(self, template, stack, parameters, ids, asked):
        """`asked` answers the attributes that the service makes up, such as a stream's ARN."""
        self.template, self.ids, self.asked = template, ids, asked
        declared = {name: told.get("Default") for name, told in template.get("Parameters", {}).items()}
        self.parameters = {**PSEUDO, "AWS::StackName": stack, **declared, **parameters}

    def of(self, value):
        """The value of any part of the template."""
        if isinstance(value, list):
            return [got for got in map(self.of, value) if got is not None]
        if not isinstance(value, dict):
            return self._secret(value) if isinstance(value, str) else value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref" or name == "Condition" or name.startswith("Fn::"):
                return getattr(self, "_" + name.removeprefix("Fn::").lower())(argument)
        values = {name: self.of(inner) for name, inner in value.items()}
        return {name: inner for name, inner in values.items() if inner is not None}

    def is_made(self, name):
        """Whether the resource's condition holds."""
        condition = self.template["Resources"][name].get("Condition")
        return condition is None or self._condition(condition)

    def _ref(self, name):
        return self.parameters[name] if name in self.parameters else self.ids[name]

    def _getatt(self, path):
        name, attribute = path.split(".", 1) if isinstance(path, str) else path
        kind, found = self.template["Resources"][name]["Type"], self.ids[name]
        if attribute == "Arn" and found.startswith("arn:"):
            return found
        if attribute == "Arn" and kind in ARNS:
            return ARNS[kind].format(region=REGION, account=ACCOUNT, id=found, name=found.rsplit("/", 1)[-1])
        if attribute in ("Name", "QueueName", "TopicName", "Version"):
            return re.split("[/:]", found)[-1]
        return self.asked(kind, found, attribute)

    def _sub(self, argument):
        text, given = (argument, {}) if isinstance(argument, str) else argument

        def one(match):
            name = match[1]
            if name in given:
                return str(self.of(given[name]))
            return str(self._getatt(name) if "." in name else self._ref(name))

        return self._secret(re.sub(r"\$\{([^!}][^}]*)\}", one, text))

    def _secret(self, text):
        whole = re.fullmatch(r"\{\{resolve:secretsmanager:(.+):SecretString\}\}", text)
        return self.asked("AWS::SecretsManager::Secret", whole[1], "SecretString") if whole else text

    def _join(self, argument):
        return argument[0].join(str(part) for part in self.of(argument[1]))

    def _select(self, argument):
        return self.of(argument[1])[int(argument[0])]

    def _split(self, argument):
        return self.of(argument[1]).split(argument[0])

    def _findinmap(self, argument):
        first, second, third = self.of(argument)
        return self.template["Mappings"][first][second][third]

    def _if(self, argument):
        return self.of(argument[1] if self._condition(argument[0]) else argument[2])

    def _condition(self, name):
        return self.of(self.template["Conditions"][name])

    def _equals(self, argument):
        first, second = self.of(argument)
        return str(first) == str(second)

    def _not(self, argument):
        return not self.of(argument[0])

    def _and(self, argument):
        return all(map(self.of, argument))

    def _or(self, argument):
        return any(map(self.of, argument))
