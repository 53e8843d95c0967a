"""The emulator as a process: ministack on a free port of loopback, which runs the functions as processes of its own."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .wrong import Wrong

REGION = "us-east-1"
ACCOUNT = "000000000000"
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


def free_port():
    """A port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Emulator:
    """Started on entry; ended with all the processes that it started on exit."""

    def __init__(self, anyone=False):
        """Anyone may call, or each call is held against its role's statements."""
        self.anyone = anyone

    def __enter__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # It unpacks the functions' packages, and does not always take them away.
        self.unpacked = tempfile.TemporaryDirectory()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "BIND_HOST": "127.0.0.1",
            "TMPDIR": self.unpacked.name,
            "GATEWAY_PORT": str(self.port),
            "AWS_ENDPOINT_URL": self.url,
            "LAMBDA_EXECUTOR": "local",
            "AUTH": "false" if self.anyone else "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            # Pauses between tries, and the wait for readers, a fiftieth as long.
            "SFN_WAIT_SCALE": "0.02",
        }
        self.log = tempfile.TemporaryFile("w+")
        command = [Path(sys.executable).with_name("ministack")]
        # In a group of its own: the functions' processes are in it too.
        self.process = subprocess.Popen(
            command, env=self.environment, stdout=self.log, stderr=self.log, start_new_session=True
        )
        for _ in range(150):
            try:
                self.client("dynamodb").list_tables()
                return self
            except (BotoCoreError, ClientError):
                time.sleep(0.2)
        said = self.said()
        self.__exit__()
        raise Wrong(f"the emulator did not start:\n{said}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.unpacked.cleanup()

    def said(self):
        """The end of the emulator's log."""
        self.log.seek(0)
        return self.log.read()[-8000:]

    def functions_said(self):
        """The end of what the functions logged."""
        logs, lines = self.client("logs"), []
        for group in logs.describe_log_groups()["logGroups"]:
            events = logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
            lines += [f"{group['logGroupName']}  {event['message'].strip()}" for event in events[-30:]]
        return "\n".join(lines)[-8000:]

    def client(self, service, region=REGION):
        """The SDK's client for a service; of one try, as a second one would hide what the first one met."""
        config = Config(retries={"total_max_attempts": 1})
        return boto3.client(service, endpoint_url=self.url, region_name=region, config=config, **CREDENTIALS)
