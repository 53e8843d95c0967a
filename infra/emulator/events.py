"""A move, from the order that caused it to the event bus: ledger, stream, `events`, queue, `events` again, bus.

A queue of this check's own, with a rule that sends it whatever the bus gets, stands for whoever listens.
"""

import json

import sam

from .wrong import expect, until

CUSTOMER = "mover"


def listen(stack):
    """Makes the queue and its rule; gives what the bus has said so far, each time it is asked."""
    [bus] = [stack.ids()[name] for name in sam.of_type(stack.deployed, "AWS::Events::EventBus")]
    allow_batches(stack)
    rules, queues = stack.emulator.client("events"), stack.emulator.client("sqs")
    queue = queues.create_queue(QueueName="listener")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rules.put_rule(Name="listener", EventBusName=bus, EventPattern=json.dumps({"source": ["tercile"]}))
    rules.put_targets(Rule="listener", EventBusName=bus, Targets=[{"Id": "listener", "Arn": arn}])
    heard = []

    def told():
        while messages := queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                heard.append(json.loads(message["Body"]))
                queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return heard

    return told


def allow_batches(stack):
    """The emulator asks for a right `sqs:SendMessageBatch`, which AWS does not know: there it is `sqs:SendMessage`."""
    iam, names = stack.emulator.client("iam"), sam.of_type(stack.deployed, "AWS::IAM::Role")
    for role in (stack.ids()[name] for name in names):
        named = iam.list_role_policies(RoleName=role)["PolicyNames"]
        policies = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in named]
        told = [statement for policy in policies for statement in policy["Statement"]]
        more = [{**told, "Action": "sqs:SendMessageBatch"} for told in told if "sqs:SendMessage" in told["Action"]]
        if more:
            document = json.dumps({"Version": "2012-10-17", "Statement": more})
            iam.put_role_policy(RoleName=role, PolicyName="batches", PolicyDocument=document)


def check_run(heard, customers):
    """The run that gave everybody their first segment told it of each, once."""

    def moved():
        return sorted(event["detail"]["customer"] for event in heard() if event["detail-type"] == "customer.moved")

    everybody = sorted(f"c-{n}" for n in range(customers))
    told = until("the run's moves on the bus", moved, lambda told: len(told) >= customers)
    expect("the run's moves on the bus are one of each customer", told == everybody, True)


def check_order(heard, api, day):
    """Somebody's orders move them, and what the bus says of it is a chain."""

    def moves():
        return [event for event in heard() if event["detail"].get("customer") == CUSTOMER]

    def buys(number, total):
        order = {"id": f"M-{number}", "customer": CUSTOMER, "time": f"{day}T10:{number:02}:00Z", "currency": "GBP", "total": total}
        return api.call("ingest", "POST", "/v1/orders", order).status

    # Until the function has seen that there are cuts, which it looks at once a minute.
    numbers = iter(range(60))
    until("the first move on the bus", lambda: buys(next(numbers), 100) == 201 and moves(), seconds=100, pause=3)
    before = moves()
    expect(f"{CUSTOMER} spends more than anybody", buys(59, 1_000_000), 201)
    told = until("another move on the bus", moves, lambda told: len(told) > len(before))
    expect("what the bus calls it", (told[-1]["source"], told[-1]["detail-type"]), ("tercile", "customer.moved"))
    expect("why it happened", [step["cause"] for step in told[-1]["detail"]["move"]["steps"]], ["order"])
    chain = [(event["detail"].get("previous"), event["detail"]["sequence"]) for event in told]
    expect("each names the one before it", [previous for previous, _ in chain], [None] + [sequence for _, sequence in chain[:-1]])
