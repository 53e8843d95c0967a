"""A move, from the order that caused it to the event bus: ledger, stream, `events`, queue, `events` again, bus.

A queue of this check's own, with a rule that sends it whatever the bus gets, stands for whoever listens.
"""

import json

from .wrong import expect, until

CUSTOMER = "mover"


def listen(stack):
    """Makes the queue and its rule; gives what the bus has said so far, each time it is asked."""
    bus = stack.ids()["EventBus"]
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


def check(heard, api, today):
    """Somebody's first order moves them from no segment into one, and their second is told after it."""

    def buys(number, total):
        order = {"id": f"M-{number}", "customer": CUSTOMER, "time": f"{today}T0{number}:00:00Z", "currency": "GBP", "total": total}
        expect(f"{CUSTOMER} buys", api.call("ingest", "POST", "/v1/orders", order).status, 201)

    def moves():
        return [event for event in heard() if event["detail"].get("customer") == CUSTOMER]

    buys(1, 100)
    until("the first move on the bus", moves)
    buys(2, 1_000_000)
    told = until("the second move on the bus", moves, lambda told: len(told) > 1)
    expect("what the bus calls them", [(event["source"], event["detail-type"]) for event in told], [("tercile", "customer.moved")] * 2)
    first, second = (event["detail"] for event in told)
    expect("the first has none before it, and the second names it", [first.get("previous"), second["previous"]], [None, first["sequence"]])
