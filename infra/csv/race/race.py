"""Races `tercile segment` against DuckDB, Polars and DataFusion: whole processes, taken in turn, in one run.

    python race.py --tercile target/release/tercile [--generate target/release/examples/generate]
                   [--orders 10000000] [--customers 1000000] [--runs 5] [--dir DIR]

Every tool counts distinct order ids, sums cents, cuts by type-7 terciles and prints the customers per segment. The counts must be equal in
every run; at a smaller size every customer's values and scores must be. Prints a table of medians, and ratios to Tercile's of the same round.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The generator's days are 2023-01-01 to 2025-12-30.
AS_OF = "2025-12-31"
TOOLS = ["duckdb", "polars", "datafusion"]


def run(command):
    """Runs a process; its output, wall seconds, CPU seconds and MiB resident at most."""
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"failed: {command}")
        out.seek(0)
        return out.read(), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def segments(output):
    """The counts of the segments that hold a customer, from any tool's JSON."""
    parsed = json.loads(output)
    for key in ("segments", "census"):
        if key in parsed:
            parsed = parsed[key]
    if isinstance(parsed, list):
        parsed = dict(e if isinstance(e, list) else (e["segment"], e) for e in parsed)
    counted = {}
    for name, held in parsed.items():
        customers = held if isinstance(held, int) else held["customers"]
        if customers and name != "none":
            counted[name] = customers
    return counted


def command(tool, args, file, *more):
    if tool == "tercile":
        return [args.tercile, "segment", file, "--as-of", AS_OF, "--format", "json"]
    return [sys.executable, HERE / f"with_{tool}.py", file, AS_OF, *more]


def same_customers(args, folder):
    """Every tool's values and scores of every customer, at a smaller size; Tercile's by its example, which prints them."""
    file = folder / "small.csv"
    run([args.generate, 300_000, 40_000, 7, file])
    printed = run([args.customers_of or args.generate.with_name("segment_file"), file, "--as-of", AS_OF, "--customers"])[0]
    ours = []
    for line in printed.decode().splitlines()[1:]:
        *values, segment = line.split(",")
        ours.append(",".join([*values, segment[1], segment[3], segment[5]]))
    for tool in TOOLS:
        out = folder / f"{tool}.csv"
        run(command(tool, args, file, out))
        theirs = out.read_text().split()
        if theirs != ours:
            differ = [pair for pair in zip(ours, theirs) if pair[0] != pair[1]][:3]
            sys.exit(f"{tool} differs: {len(ours)} and {len(theirs)} customers, first {differ}")
    print(f"{len(ours):,} customers at 300,000 orders: all tools give the same values and scores\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tercile", type=Path, required=True, help="the binary, called as PATH segment FILE --as-of DAY --format json")
    parser.add_argument("--generate", type=Path, required=True, help="the built example `generate`")
    parser.add_argument("--customers-of", type=Path, help="the built example `segment_file`; default: beside `generate`")
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--dir", type=Path, help="where the file goes; it is kept then, and used again")
    args = parser.parse_args()
    args.tercile, args.generate = args.tercile.resolve(), args.generate.resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.dir or Path(temporary)
        same_customers(args, folder)
        file = folder / f"orders-{args.orders}-{args.customers}.csv"
        if not file.exists():
            run([args.generate, args.orders, args.customers, 1, file])
        race(args, file)


def race(args, file):
    tools = ["tercile", *TOOLS]
    # Into the page cache, for all alike; in pieces, as a child's peak of resident memory begins with its parent's.
    with file.open("rb") as pages:
        while pages.read(1 << 20):
            pass
    taken = {tool: [] for tool in tools}
    expected = None
    for round_number in range(args.runs):
        # Every round begins with another tool, so that none always follows the same one.
        turn = round_number % len(tools)
        for tool in tools[turn:] + tools[:turn]:
            output, *measured = run(command(tool, args, file))
            counted = segments(output)
            expected = expected or counted
            if counted != expected:
                sys.exit(f"{tool} counts differently: {counted} against {expected}")
            taken[tool].append(measured)
    size = file.stat().st_size / 1e6
    print(f"{args.orders:,} orders, {args.customers:,} customers, {size:.0f} MB, {args.runs} rounds, {os.cpu_count()} processors\n")
    print("| tool | wall s | CPU s | MiB resident | wall, Tercile = 1 | CPU, Tercile = 1 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for tool in tools:
        wall, cpu, resident = (statistics.median(run[n] for run in taken[tool]) for n in range(3))
        ratios = [statistics.median(a[n] / b[n] for a, b in zip(taken[tool], taken["tercile"])) for n in range(2)]
        print(f"| {tool} | {wall:.2f} | {cpu:.2f} | {resident:.0f} | {ratios[0]:.2f} | {ratios[1]:.2f} |")


if __name__ == "__main__":
    main()
