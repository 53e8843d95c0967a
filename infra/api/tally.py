"""What was reached: a table of every operation's answers, and what is wrong with it.

Calls that are all refused prove little about the rest of an operation, and calls that are never refused little about its checks.
"""

import json
from collections import Counter, defaultdict

# Operations that need not come to one of the two, and why.
NEVER_RIGHT = {"GET /v1/uplift": "is measured of a month at its end, and the shop is of today"}
NEVER_REFUSED = {
    "POST /v1/hooks/shopify/{shop}/{id}": "what is signed is taken or ignored, and answered 200; what is not signed is 401",
    "POST /v1/hooks/woocommerce/{shop}/{id}": "the same",
}
# What says nothing of the operation itself: the key, the method, the rate.
OF_THE_DOOR = {401, 403, 405, 429}
# At most this share may be turned away for coming too often, of the operations that count nothing else so.
TOO_OFTEN = 0.01


class Tally:
    """Answers by operation."""

    def __init__(self, lines):
        self.answers = defaultdict(Counter)
        self.phases = Counter()
        self.modes = defaultdict(Counter)
        for line in lines:
            operation, phase, mode, method, status = json.loads(line)
            self.phases[phase] += 1
            # A method that the path has not is no call of this operation.
            if operation.startswith(f"{method} "):
                self.answers[operation][status] += 1
                self.modes[mode][status // 100] += 1

    def cases(self):
        return sum(self.phases.values())

    def table(self):
        """A line for each operation: how many cases, how many of them right, and the refusals by status."""
        yield f"{'operation':<48}{'cases':>7}{'2xx':>7}{'4xx':>7}{'5xx':>5}  refusals"
        for operation, statuses in sorted(self.answers.items(), key=lambda told: told[0].split(" ")[::-1]):
            classes = Counter()
            for status, times in statuses.items():
                classes[status // 100] += times
            refusals = " ".join(f"{status}:{times}" for status, times in sorted(statuses.items()) if status >= 400)
            counts = f"{sum(classes.values()):>7}{classes[2]:>7}{classes[4]:>7}{classes[5]:>5}"
            yield f"{operation:<48}{counts}  {refusals}"
        for mode, classes in sorted(self.modes.items()):
            total = sum(classes.values())
            yield f"{mode} data: {total} cases, {100 * classes[2] // total} % of them answered 2xx"
        yield f"{self.cases()} cases: " + ", ".join(f"{phase} {times}" for phase, times in sorted(self.phases.items()))

    def findings(self, operations, least):
        """What was not reached. `operations`: each with whether it takes anything that could be refused."""
        if self.cases() < least:
            yield f"there were {self.cases()} cases, fewer than {least}"
        for operation, takes in operations:
            statuses = self.answers[operation]
            if not any(200 <= status < 300 for status in statuses) and operation not in NEVER_RIGHT:
                yield f"{operation}: was never answered 2xx"
            refused = any(400 <= status < 500 and status not in OF_THE_DOOR for status in statuses)
            if takes and not refused and operation not in NEVER_REFUSED:
                yield f"{operation}: nothing that was sent to it was ever refused for what it says"
            # There a wrong code too many is answered so.
            if statuses[429] > TOO_OFTEN * sum(statuses.values()) and operation != "POST /v1/redemptions":
                yield f"{operation}: {statuses[429]} of {sum(statuses.values())} calls came too often"
        known = {operation for operation, _ in operations}
        for operation in {*NEVER_RIGHT, *NEVER_REFUSED} - known:
            yield f"{operation} is named as an exception and is no operation"
