#!/usr/bin/env python3
"""What a shop's month costs in AWS, for three sizes: the table of docs/deploy.md.

    python3 infra/scale/cost.py

Prices are those of prices.json, without free tiers. What is assumed stands in `Assumed`, each with its reason; nothing of it was
measured in AWS. Alarms, metrics, secrets and memory are counted in the template's text. Standard library only.
"""

import dataclasses
import json
import pathlib
import re

HERE = pathlib.Path(__file__).parent
PRICES = json.loads((HERE / "prices.json").read_text())["prices"]
PER_MILLION = {name: entry["usd_per_million"] / 1e6 for name, entry in PRICES.items() if "usd_per_million" in entry}
EACH = {name: entry["usd"] for name, entry in PRICES.items() if "usd" in entry}
TEMPLATE = (HERE.parent / "template.yaml").read_text()
SIZES = (10_000, 100_000, 1_000_000)
DAYS = 30
MONTH_SECONDS = DAYS * 86_400
GB = 1e9


@dataclasses.dataclass(frozen=True)
class Assumed:
    """What a shop and its calls are like."""

    # The shop: each customer orders three times a year, and pages and carts ask ten times for each order. Some orders carry a code.
    orders_per_customer: float = 0.25
    lookups_per_order: float = 10
    redemptions_per_order: float = 0.1
    # Customers who change their segment in a day, as in docs/scale.md.
    moves_per_day: float = 0.03
    # The store holds this many months of orders.
    months: int = 12
    # Bytes: a profile (docs/measurements.md), an order's revision and head, a move with its steps, each with its keys.
    profile_bytes: int = 2_141
    order_bytes: int = 1_200
    move_bytes: int = 400
    # Units, by the rules of rounding: a lookup is one eventually consistent read of a profile below 4 KB (a test counts the calls).
    lookup_reads: float = 0.5
    # An order reads its head, an earlier copy and the profile consistently; the transaction checks nothing besides and writes the revision
    # and the head (1 KB each) and the profile (3 KB) at double units.
    order_reads: float = 3
    order_writes: float = 10
    # A redemption's two transactions: the redemption, its use, the order's list, a counter and a hold; then without the hold, with the profile.
    redemption_reads: float = 6
    redemption_writes: float = 26
    # A run: 8 KB for each read unit, and for each label units of the profile, the index and the move (docs/scale.md).
    read_unit_bytes: int = 8_192
    label_writes: float = 10
    # Memory times time of a run and million customers, with 3 % changes (docs/scale.md).
    run_gb_seconds_per_million: float = 1_491
    run_transitions: int = 300
    # Billed milliseconds: a lookup waits for one read, an order for two reads and a transaction. Cold starts are in it.
    lookup_ms: float = 15
    order_ms: float = 45
    events_ms: float = 150
    # Moves that a call of events takes out of the stream; out of the queue it takes at most ten.
    stream_batch: float = 20
    queue_batch: float = 5
    # Bytes of log for one call: the line of metrics, Lambda's three, the API's one.
    log_bytes: int = 1_900
    log_months: float = 3
    # X-Ray keeps the first call of each second and a twentieth of the rest.
    traced: float = 0.05


def of_template():
    """Numbers of the template that cost by the month: alarms' metrics, and memory by function."""
    alarms = TEMPLATE.split("Type: AWS::CloudWatch::Alarm")[1:]
    alarm_metrics = sum(max(1, alarm.split("Type: AWS::")[0].count("MetricStat:")) for alarm in alarms)
    memory = re.findall(r"CodeUri: \.\./functions/(\w+)\n\s+MemorySize: (\d+)", TEMPLATE)
    secrets = TEMPLATE.count("Type: AWS::SecretsManager::Secret")
    return alarm_metrics, {function: int(mb) for function, mb in memory}, secrets


def cost(customers, a=Assumed()):
    """US dollars of a month, by what they are for."""
    alarm_metrics, memory, secrets = of_template()
    orders = customers * a.orders_per_customer
    lookups, redemptions = orders * a.lookups_per_order, orders * a.redemptions_per_order
    moves = customers * a.moves_per_day * DAYS
    checkout = lookups + 2 * redemptions

    reads = lookups * a.lookup_reads + orders * a.order_reads + redemptions * a.redemption_reads
    reads += DAYS * customers * a.profile_bytes / a.read_unit_bytes
    writes = orders * a.order_writes + redemptions * a.redemption_writes + moves * a.label_writes
    stored = (customers * a.profile_bytes + a.months * (orders * a.order_bytes + moves * a.move_bytes)) / GB

    events_calls = moves / a.stream_batch + moves / a.queue_batch
    calls = checkout + orders + events_calls + 24 * DAYS
    gb_seconds = checkout * a.lookup_ms / 1000 * memory["offers"] / 1024
    gb_seconds += orders * a.order_ms / 1000 * memory["purchases"] / 1024
    gb_seconds += events_calls * a.events_ms / 1000 * memory["events"] / 1024
    gb_seconds += DAYS * a.run_gb_seconds_per_million * customers / 1e6
    logs = calls * a.log_bytes / GB
    # Calls that come evenly: below one a second, all of them are the first of theirs.
    traces = min(calls, MONTH_SECONDS) + max(0, calls - MONTH_SECONDS) * a.traced
    metrics = 4 * len(memory) + 4
    return {
        "reads and writes": reads * PER_MILLION["dynamodb_read_unit"] + writes * PER_MILLION["dynamodb_write_unit"],
        "storage and recovery": stored * (EACH["dynamodb_storage_gb_month"] + EACH["dynamodb_recovery_gb_month"]),
        "functions": gb_seconds * PER_MILLION["lambda_arm_gb_second"] + calls * PER_MILLION["lambda_request"],
        "API": (checkout + orders) * PER_MILLION["http_api_request"],
        "state machines": DAYS * a.run_transitions * PER_MILLION["step_functions_transition"],
        "events": moves * (PER_MILLION["eventbridge_event"] + 3 / a.queue_batch * PER_MILLION["sqs_fifo_request"]),
        "logs and traces": logs * (EACH["logs_gb"] + a.log_months * EACH["logs_kept_gb_month"])
        + traces * PER_MILLION["xray_trace"],
        "metrics, alarms, dashboard, secrets": metrics * EACH["metric_month"]
        + alarm_metrics * EACH["alarm_metric_month"]
        + EACH["dashboard_month"]
        + secrets * EACH["secret_month"],
    }


def main():
    bills = [cost(customers) for customers in SIZES]
    a = Assumed()
    print("| USD a month | " + " | ".join(f"{customers:,} customers" for customers in SIZES) + " |")
    print("| --- |" + " --- |" * len(SIZES))
    print("| *orders, lookups* | " + " | ".join(
        f"{n * a.orders_per_customer:,.0f}, {n * a.orders_per_customer * a.lookups_per_order:,.0f}" for n in SIZES) + " |")
    for line in bills[0]:
        print(f"| {line} | " + " | ".join(f"{bill[line]:,.2f}" for bill in bills) + " |")
    print("| **all** | " + " | ".join(f"**{sum(bill.values()):,.2f}**" for bill in bills) + " |")


if __name__ == "__main__":
    main()
