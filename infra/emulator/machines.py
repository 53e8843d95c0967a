"""The run's state machine, executed with the real function, where all goes well and where it does not.

1. an execution over several shards, whose census, moves and cuts must be those of a run that one machine drove;
2. one whose function fails at its first calls, and is tried again;
3. one for a shop without orders: the run ends as failed with its reason, the lease is given back, the execution succeeds;
4. one whose customers cannot be read: tried again, then the run ends as failed and the execution fails;
5. one for a run that is at its end: nothing happens.
"""

import json
import tempfile

from .stack import zipped
from .wrong import expect, until

CUSTOMERS = 150


def check(stack, shop):
    """`shop` runs tests/examples/state_machine_shop.rs against the deployed tables."""
    machine = stack.ids()["RunStateMachine"]
    binary = stack.packages["ResegmentFunction"]

    here = shop("here", CUSTOMERS)
    run = shop("fill", "shards", CUSTOMERS, 5)
    told, states = execute(stack, machine, run)
    expect("five shards: the execution", (told["status"], told.get("cause")), ("SUCCEEDED", None))
    expect("its steps", states, "Plan IsFitDue Survey Fit MustLook LetReadersKnow Assign Publish Published".split())
    got = shop("tell", "shards")
    expect("shards", (got.pop("shards"), here.pop("shards")), (5, 1))
    expect("a run that one machine drove comes to the same", got == here, True)
    expect("and labelled all", got["labels"], CUSTOMERS)

    # Does no call before there is a third one; as a process that dies does, it leaves no word.
    with tempfile.NamedTemporaryFile("w+") as counter:
        dies = f'#!/bin/sh\necho >> {counter.name}\n[ "$(wc -l < {counter.name})" -gt 2 ] || exit 1\nexec "$(dirname "$0")/real"\n'
        flaky = beside(stack, "flaky", {"bootstrap": dies, "real": binary})
        told, states = execute(stack, flaky, shop("fill", "flaky", CUSTOMERS, 3))
        counter.seek(0)
        expect("a function that dies at its first calls is called again", counter.read().count("\n") > 2, True)
    expect("and the execution", (told["status"], states[-1]), ("SUCCEEDED", "Published"))
    expect("with the census", shop("tell", "flaky")["census"], here["census"])

    run = shop("fill", "empty", 0, 2)
    told, states = execute(stack, machine, run)
    expect("a shop without orders", (told["status"], states[-3:]), ("SUCCEEDED", ["GiveUp", "WasAnybodyThere", "NobodyYet"]))
    failure = "nobody has a counted order yet, so there is nothing to segment"
    expect("its run", [shop("tell", "empty")[key] for key in ["status", "failure"]], ["failed", failure])
    expect("its lease was given back", shop("lease", "empty"), True)

    blind = beside(stack, "blind", {"bootstrap": binary}, CUSTOMERS_TABLE="Nowhere")
    run = shop("fill", "blind", CUSTOMERS, 2)
    told, states = execute(stack, blind, run)
    expect("a store that is gone", (told["status"], states[-3:]), ("FAILED", ["GiveUp", "WasAnybodyThere", "Failed"]))
    told = shop("tell", "blind")
    expect("its run", [told["status"], told["failure"]], ["failed", "the store refused Query"])
    expect("its lease was given back", shop("lease", "blind"), True)

    told, states = execute(stack, machine, {"shop": "shards", "run": 1})
    expect("a run at its end", (told["status"], states), ("SUCCEEDED", ["Plan", "Ended"]))


def beside(stack, name, files, **variables):
    """A state machine like the deployed one, over a function like the deployed one, but for its files and these variables."""
    lambdas, machines = stack.emulator.client("lambda"), stack.emulator.client("stepfunctions")
    deployed = lambdas.get_function_configuration(FunctionName=stack.ids()["ResegmentFunction"])
    function = lambdas.create_function(
        FunctionName=name,
        Runtime=deployed["Runtime"],
        Handler=deployed["Handler"],
        Role=deployed["Role"],
        Timeout=deployed["Timeout"],
        Code={"ZipFile": zipped(files)},
        Environment={"Variables": {**deployed["Environment"]["Variables"], **variables}},
    )
    machine = machines.describe_state_machine(stateMachineArn=stack.ids()["RunStateMachine"])
    definition = machine["definition"].replace(deployed["FunctionArn"], function["FunctionArn"])
    made = machines.create_state_machine(name=name, definition=definition, roleArn=machine["roleArn"])
    return made["stateMachineArn"]


def execute(stack, machine, run):
    """Starts an execution and waits for its end; what it is told of it, and the names of its states."""
    machines = stack.emulator.client("stepfunctions")
    execution = machines.start_execution(stateMachineArn=machine, input=json.dumps(run))["executionArn"]
    told = until(
        "the execution's end",
        lambda: machines.describe_execution(executionArn=execution),
        lambda told: told["status"] != "RUNNING",
        seconds=120,
    )
    events = machines.get_paginator("get_execution_history").paginate(executionArn=execution)
    states = [
        event["stateEnteredEventDetails"]["name"]
        for page in events
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    ]
    return told, states
