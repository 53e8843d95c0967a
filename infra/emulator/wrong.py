"""What is told of a check: one line when it holds, and an end with both sides when it does not."""

import json
import time


class Wrong(Exception):
    """Something is not as it must be."""


def expect(what, got, wanted):
    """Both are the same; otherwise says how they differ."""
    # As JSON has them: a tuple is a list there.
    got, wanted = json.loads(json.dumps(got, default=str)), json.loads(json.dumps(wanted, default=str))
    if got != wanted:
        raise Wrong(f"{what}:\n  is      {json.dumps(got)[:4000]}\n  must be {json.dumps(wanted)[:4000]}")
    print(f"as it must be  {what}: {json.dumps(got)[:110]}", flush=True)


def until(what, told, wanted=bool, seconds=60, pause=0.2):
    """Asks until the answer is as wanted, and gives it."""
    end = time.monotonic() + seconds
    while True:
        answer = told()
        if wanted(answer):
            return answer
        if time.monotonic() > end:
            raise Wrong(f"{what}: not within {seconds} seconds; at last {json.dumps(answer, default=str)[:2000]}")
        time.sleep(pause)
