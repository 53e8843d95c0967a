#!/usr/bin/env python3
"""Time and cost of a daily run for very large bases: shards over the partitions of DynamoDB, simulated (docs/scale.md).

    python3 infra/scale/simulate.py            the tables of docs/scale.md
    python3 infra/scale/simulate.py --shards   how time follows from the number of shards, for 1 M and 100 M customers

Prices and limits are those of prices.json. What is assumed or measured stands in `Assumed`, each with its reason. The same
seed gives the same result. Nothing but the standard library is needed.
"""

import bisect
import dataclasses
import heapq
import json
import math
import pathlib
import random
import sys

FILE = json.loads((pathlib.Path(__file__).parent / "prices.json").read_text())
LIMIT = {name: entry["value"] for name, entry in FILE["limits"].items()}
PRICE = {name: entry.get("usd_per_million", 0) / 1e6 for name, entry in FILE["prices"].items()}
BUCKETS = 64


@dataclasses.dataclass(frozen=True)
class Assumed:
    """What the model rests on beside prices and limits."""

    # Measured (docs/measurements.md, the profile's size): the median of Online Retail with everything a profile may hold.
    profile_bytes: int = 2_141
    # Measured by `.ci/measure run-at-scale` with 30,000 customers: CPU of one core for one customer and pass.
    cpu_seconds_per_customer: float = 28e-6
    # A core of Lambda's ARM against the machine that measured: not measured, so pessimistic.
    slower: float = 1.5
    # Assumed: a page of 1 MB of 500 items, from the request to the last byte.
    page_seconds: float = 0.060
    # Assumed: one transaction of two items; 16 of them go at once in a shard.
    transaction_seconds: float = 0.012
    writes_at_once: int = 16
    # As tests/e2e/units.rs counts them: units of one changed label, here of a profile between 2 and 3 KB. A transaction costs double; the index does not.
    label_units_customers: int = 6
    label_units_index: int = 2
    label_units_ledger: int = 2
    # Assumed: the shard's item, written once for each stretch of pages, in bytes.
    progress_bytes: int = 6_000
    # As in resegment's assign: so many labels to write, or so many pages, end a stretch.
    stretch_labels: int = 256
    stretch_pages: int = 128
    # Assumed: no burst credit is left, and a partition holds one second's worth of units.
    burst_seconds: float = 1.0
    # Assumed: a partition that refused something in each of so many seconds is split in two, at the middle of its keys.
    heat_split_seconds: int = 300
    # As in resegment's pace: a pause before each page, doubled by each refusal, shortened by an eighth by each page.
    pause_first: float = 0.02
    pause_most: float = 5.0
    # Assumed: a call's start, warm and cold together, and Step Functions' own time around it.
    call_seconds: float = 0.4
    # A call returns its cursor so many seconds before Lambda's limit.
    margin_seconds: float = 60.0
    memory_gb: float = 1_769 / 1_024
    # Events that one call would leave in the history of the run's execution, were the maps inline: task entered, scheduled, started,
    # succeeded and left, choice entered and left, iteration begun and ended.
    events_per_call: int = 9


class Units:
    """A token bucket: admits while it is not in debt, as DynamoDB does."""

    def __init__(self, per_second, burst):
        self.rate, self.most, self.left, self.at = per_second, per_second * burst, per_second * burst, 0.0

    def has(self, now):
        self.left = min(self.most, self.left + (now - self.at) * self.rate)
        self.at = now
        return self.left >= 0

    def take(self, units):
        self.left -= units


class Table:
    """Partitions are ranges of the shop's key space: 64 buckets strewn over them by their keys' hashes."""

    def __init__(self, bytes_, assumed, rng):
        self.assumed = assumed
        hashes = [rng.random() for _ in range(BUCKETS)]
        order = sorted(range(BUCKETS), key=hashes.__getitem__)
        self.place = {bucket: at for at, bucket in enumerate(order)}
        parts = LIMIT["new_table_partitions"]
        counts = [sum(1 for h in hashes if int(h * parts) == part) for part in range(parts)]
        self.starts = [sum(counts[:part]) for part in range(parts) if counts[part]]
        # Split for size, before the run begins: a partition over its bytes is cut at the middle of its keys.
        per_bucket = bytes_ / BUCKETS
        todo = list(zip(self.starts, self.starts[1:] + [BUCKETS]))
        self.starts = []
        while todo:
            low, high = todo.pop()
            if (high - low) * per_bucket > LIMIT["partition_bytes"]:
                todo += [(low, (low + high) / 2), ((low + high) / 2, high)]
            else:
                self.starts.append(low)
        self.starts.sort()
        self.partitions = [self.fresh() for _ in self.starts]
        self.all = self.pair(LIMIT["table_read_units_per_second"], LIMIT["table_write_units_per_second"])
        self.refused, self.splits = 0, 0

    def pair(self, reads, writes):
        return {"read": Units(reads, self.assumed.burst_seconds), "write": Units(writes, self.assumed.burst_seconds)}

    def fresh(self):
        units = self.pair(LIMIT["partition_read_units_per_second"], LIMIT["partition_write_units_per_second"])
        return units | {"hot": 0, "second": -1}

    def ask(self, now, kind, where, units):
        """Is a request to this place of the key space admitted? A partition that refuses for long is split."""
        bucket = min(BUCKETS - 1, int(where))
        where = self.place[bucket] + where - bucket
        at = bisect.bisect_right(self.starts, where) - 1
        partition = self.partitions[at]
        if partition[kind].has(now) and self.all[kind].has(now):
            partition[kind].take(units)
            self.all[kind].take(units)
            return True
        self.refused += 1
        if partition[kind].left < 0 and int(now) != partition["second"]:
            partition["hot"] = partition["hot"] + 1 if int(now) == partition["second"] + 1 else 1
            partition["second"] = int(now)
            if partition["hot"] >= self.assumed.heat_split_seconds:
                self.split(at)
        return False

    def split(self, at):
        end = self.starts[at + 1] if at + 1 < len(self.starts) else BUCKETS
        self.starts.insert(at + 1, (self.starts[at] + end) / 2)
        self.partitions[at] = self.fresh()
        self.partitions.insert(at + 1, self.fresh())
        self.splits += 1


def work(shard, shards, pages, rows, kind, a):
    """What one shard asks for, in its order: (units' kind, where in the key space, units, seconds it takes)."""
    page_units = rows * a.profile_bytes / 8_192
    cpu = rows * a.cpu_seconds_per_customer * a.slower
    left, first = 0.0, 0
    for page in range(pages):
        # Shards are equal parts of (bucket, key), so pages are too.
        where = (shard + (page + 0.5) / pages) * BUCKETS / shards
        yield "read", where, page_units, a.page_seconds + cpu
        left += rows * kind.changed
        if not kind.note_bytes or (left < a.stretch_labels and page + 1 < min(pages, first + a.stretch_pages)):
            continue
        yield "note", where, math.ceil(kind.note_bytes / 1_024), a.transaction_seconds
        written, labels, left = first, left, 0.0
        while labels > 1e-9:
            chunk = min(labels, 8 * a.writes_at_once)
            labels -= chunk
            seconds = math.ceil(chunk / a.writes_at_once) * a.transaction_seconds
            written = min(written + 1, page)
            place = (shard + (written + 0.5) / pages) * BUCKETS / shards
            yield "write", place, chunk * a.label_units_customers, seconds
        first = page + 1


@dataclasses.dataclass(frozen=True)
class Kind:
    """A stage of the run: what of each page is written."""

    changed: float = 0.0
    note_bytes: int = 0


def strewn(shard):
    """The bits of a shard's number reversed: in this order those that run side by side lie far from each other."""
    return int(f"{shard:032b}"[::-1], 2)


def stage(kind, customers, order, at_once, a, rng, table, notes, begin):
    """All shards once, so many at a time. Gives when it ends, its calls, and the seconds that calls were open."""
    shards = len(order)
    pages = max(1, math.ceil(customers / shards * a.profile_bytes / LIMIT["page_bytes"]))
    rows = customers / shards / pages
    deadline = LIMIT["lambda_seconds"] - a.margin_seconds
    waiting = order[::-1]
    heap, calls, busy, end = [], 0, 0.0, begin

    def start(now):
        nonlocal calls
        calls += 1
        steps = work(waiting.pop(), shards, pages, rows, kind, a)
        heapq.heappush(heap, (now + a.call_seconds, rng.random(), steps, next(steps), 0.0, 0.0, now))

    for _ in range(min(at_once, shards)):
        start(begin + rng.random() * 0.5)
    while heap:
        now, tie, steps, asked, pace, pause, called = heapq.heappop(heap)
        what, where, units, seconds = asked
        if what == "note":
            admitted = notes.ask(now, "write", rng.random() * BUCKETS, units)
        else:
            admitted = table.ask(now, what, where, units)
        if not admitted:
            if what == "read":
                pause = pace = min(a.pause_most, max(a.pause_first, 2 * pace))
            else:
                # A write is tried again by the SDK, which forgets its pause once it came through.
                pause = min(a.pause_most, max(a.pause_first, 2 * pause))
            heapq.heappush(heap, (now + pause * (0.5 + rng.random()), tie, steps, asked, pace, pause, called))
            continue
        then, asked = now + seconds, next(steps, None)
        if what == "read":
            pace = pace * 7 / 8 if pace > 1e-4 else 0.0
        if asked and asked[0] == "read":
            then += pace * (0.5 + rng.random())
        if asked and asked[0] == "read" and then - called > deadline:
            # It gives its cursor back and is called again.
            busy, calls, called, then = busy + then - called, calls + 1, then, then + a.call_seconds
        if asked:
            heapq.heappush(heap, (then, tie, steps, asked, pace, 0.0, called))
            continue
        busy, end = busy + then - called, max(end, then)
        if waiting:
            start(then)
    return end, calls, busy


@dataclasses.dataclass(frozen=True)
class Result:
    """One run."""

    seconds: float
    calls: int
    splits: int
    refused: int
    reads: float
    writes: float
    transitions: int
    gb_seconds: float
    events: int

    def dollars(self):
        return (
            self.reads * PRICE["dynamodb_read_unit"]
            + self.writes * PRICE["dynamodb_write_unit"]
            + self.gb_seconds * PRICE["lambda_arm_gb_second"]
            + self.calls * PRICE["lambda_request"]
            + self.transitions * PRICE["step_functions_transition"]
        )


def shards_for(customers):
    """The rule of `plan`."""
    return min(2_000, max(8, math.ceil(customers / 50_000)))


def run(customers, changed, fit, a=Assumed(), shards=None, at_once=None, in_order=False, notes_apart=False, seed=7):
    """Simulates one run. `fit`: with a survey and a second look. `in_order`: shards are begun by number, neighbours together.
    `notes_apart`: each shard's item has a partition key of its own."""
    rng = random.Random(seed)
    shards = shards or shards_for(customers)
    at_once = at_once or min(shards, LIMIT["inline_map_at_once"])
    order = sorted(range(shards), key=None if in_order else strewn)
    table = Table(customers * a.profile_bytes, a, rng)
    # The run's own items lie in one partition key, so in one partition of the table of shops; or strewn over it.
    notes = Table(0, a, rng)
    if not notes_apart:
        notes.starts, notes.partitions = [0], [notes.fresh()]
    stages = [Kind(), Kind()] if fit else []
    now, calls, busy = 2 * a.call_seconds, 2, 2 * a.call_seconds
    for kind in [*stages, Kind(changed, a.progress_bytes)]:
        now, more, took = stage(kind, customers, order, at_once, a, rng, table, notes, now)
        calls, busy = calls + more, busy + took
    # fit, again after the look, and publish read every shard's item.
    shard_calls, calls = calls - 2, calls + 2
    read_stages = len(stages) + 1
    stretches = max(shards, customers * changed / a.stretch_labels, customers * a.profile_bytes / LIMIT["page_bytes"] / a.stretch_pages)
    per_label = a.label_units_customers + a.label_units_index + a.label_units_ledger
    return Result(
        seconds=now + 2 * a.call_seconds,
        calls=calls,
        splits=table.splits + notes.splits,
        refused=table.refused + notes.refused,
        reads=customers * a.profile_bytes / 8_192 * read_stages,
        writes=customers * changed * per_label + stretches * math.ceil(a.progress_bytes / 1_024),
        # A call is a task and the choice after it; an iteration of a distributed map is a child's start as well.
        transitions=2 * shard_calls + shards * read_stages + 12,
        gb_seconds=(busy + 2 * a.call_seconds) * a.memory_gb,
        events=shard_calls * a.events_per_call + 60,
    )


def told(seconds):
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min" if seconds < 36_000 else f"{seconds / 3600:.1f} h"


def row(name, result):
    return (
        f"| {name} | {told(result.seconds)} | {result.calls:,} | {result.refused:,} | {result.splits} | {result.reads / 1e6:,.2f} | "
        f"{result.writes / 1e6:,.2f} | {result.gb_seconds:,.0f} | {result.events:,} | {result.dollars():,.2f} |"
    )


HEAD = "| time | calls | refused | splits | M read units | M write units | GB-seconds | events, were maps inline | USD |\n| --- |" + " --- |" * 9


def main():
    sizes = [(1_000_000, "1 M"), (10_000_000, "10 M"), (100_000_000, "100 M")]
    if "--shards" in sys.argv:
        print("| customers, shards, at once " + HEAD)
        for customers, name in (sizes[0], sizes[2]):
            for shards in (8, 20, 64, 256, 1_000, 2_000):
                for at_once in (40, 200, 1_000):
                    if at_once == 40 or shards >= at_once:
                        result = run(customers, 0.03, False, shards=shards, at_once=min(shards, at_once))
                        print(row(f"{name}, {shards:,}, {min(shards, at_once):,}", result))
        for name, options in (
            ("as planned", {}),
            ("by number, neighbours together", {"in_order": True}),
            ("an own partition key for each shard's item", {"notes_apart": True}),
            ("the same, 200 at once", {"notes_apart": True, "at_once": 200}),
        ):
            print(row(f"100 M, 2,000 shards, {name}", run(100_000_000, 0.03, False, **options)))
        return
    print("| customers, day " + HEAD)
    for customers, name in sizes:
        for day, changed, fit in (("quiet", 0.0, False), ("3 % change", 0.03, False), ("3 % change, with a fit", 0.03, True), ("all change", 1.0, True)):
            print(row(f"{name}, {day}", run(customers, changed, fit)))


if __name__ == "__main__":
    main()
