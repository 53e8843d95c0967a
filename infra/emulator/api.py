"""The HTTP API of a deployed stack, or of a `tercile serve`, as a shop calls it."""

import http.client
import json
import os
import re
import subprocess
from base64 import urlsafe_b64encode
from collections import namedtuple

Answer = namedtuple("Answer", "status json text")


def path_form(of):
    """An id as it stands in a path: letters, digits, `_` and `-` as they are, any other as `~` and base64url."""
    if re.fullmatch("[A-Za-z0-9_-]+", of):
        return of
    return "~" + urlsafe_b64encode(of.encode()).decode().rstrip("=")


class Api:
    """An address, the host's name that is called there, and the shop's keys by scope."""

    def __init__(self, port, host, keys):
        self.port, self.host, self.keys = port, host, keys

    def call(self, scope, method, path, body=None):
        """One call. The path goes out as it is given: whoever decodes it is behind this."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Host": self.host, "Authorization": f"Bearer {self.keys[scope]}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, sent, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        told = "json" in (answer.getheader("Content-Type") or "")
        return Answer(answer.status, json.loads(text) if told and text else None, text)


def deployed(stack, keys):
    """The stack's API, under the name that the gateway knows it by."""
    told = stack.emulator.client("apigatewayv2").get_api(ApiId=stack.ids()["Api"])
    return Api(stack.emulator.port, told["ApiEndpoint"].removeprefix("http://"), keys)


class OneMachine:
    """`tercile serve` on a directory of its own, with the deployment's secrets, and what else it is started with.

    Its log is nobody's, or goes into a file: then only errors are in it.
    """

    def __init__(self, built, directory, shop, zone, secrets, options=(), log=None):
        self.tercile, self.directory = built / "tercile", directory
        self.options, self.log = options, log
        directory.mkdir()
        for file, secret in secrets.items():
            (directory / file).write_text(secret)
        made = self._run("shop", "create", shop, "--currency", "GBP", "--time-zone", zone)
        self.keys = dict(re.findall(r"^  (\w+) +(tcl_\S+)$", made, re.MULTILINE))

    def _run(self, *arguments):
        command = [self.tercile, *arguments, "--data", self.directory]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def __enter__(self):
        command = [self.tercile, "serve", "--port", "0", "--data", self.directory, *self.options]
        told = {**os.environ, "RUST_LOG": "error" if self.log else "off"}
        self.process = subprocess.Popen(command, env=told, stdout=subprocess.PIPE, stderr=self.log, text=True)
        address = re.search(r"http://(127\.0\.0\.1):(\d+)", self.process.stdout.readline())
        return Api(int(address[2]), f"{address[1]}:{address[2]}", self.keys)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
