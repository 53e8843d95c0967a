"""The policy scanner, checkov, over the transformed template, and what is accepted of it with a reason."""

import io
import json
import logging
import tempfile
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

ACCEPTED = Path(__file__).with_name("accepted.toml")


def scan(transformed):
    """What the scanner finds, as pairs of check and resource, and each check's words. It asks nothing of the network."""
    logging.disable(logging.WARNING)
    from checkov.cloudformation.runner import Runner
    from checkov.runner_filter import RunnerFilter

    with tempfile.TemporaryDirectory() as directory, redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        file = Path(directory) / "template.json"
        file.write_text(json.dumps(transformed, indent=1))
        report = Runner().run(None, files=[str(file)], runner_filter=RunnerFilter(framework=["cloudformation"]))
    logging.disable(logging.NOTSET)
    if len(report.passed_checks) < 50 or report.parsing_errors:
        raise SystemExit(f"the scanner saw nothing: {report.parsing_errors}")
    return {(check.check_id, check.resource.split(".")[-1]): check.check_name for check in report.failed_checks}


def scanner_findings(transformed, accepted=ACCEPTED):
    """What the scanner finds and nobody gave a reason for, and reasons for what it does not find."""
    found = scan(transformed)
    reasons = {}
    for entry in tomllib.loads(accepted.read_text())["accepted"]:
        if not entry["reason"].strip():
            yield f"{entry['check']} is accepted without a reason"
        for resource in entry["resources"]:
            reasons[entry["check"], resource] = entry["reason"]
    for (check, resource), words in found.items():
        if (check, resource) not in reasons:
            yield f"{check} {resource}: {words}"
    for check, resource in reasons.keys() - found.keys():
        yield f"{check} {resource} is accepted, but not found"
