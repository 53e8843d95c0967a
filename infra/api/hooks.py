"""Inside of schemathesis: right calls among the made-up ones, what may not be sent, and a line for every answer."""

import base64
import hashlib
import hmac
import json
import os
import zlib
from pathlib import Path
from urllib.parse import urlsplit

import requests
import schemathesis
from schemathesis.auths import AuthContext, set_on_case

KNOWN = json.loads(Path(os.environ["TERCILE_API_KNOWN"]).read_text())
ANSWERS = Path(os.environ["TERCILE_API_ANSWERS"]).open("a", encoding="utf-8")
PLATFORMS = {
    "shopify": ("X-Shopify-Hmac-Sha256", "X-Shopify-Topic", ["orders/create", "orders/updated", "orders/cancelled", "refunds/create"]),
    "woocommerce": ("X-WC-Webhook-Signature", "X-WC-Webhook-Topic", ["order.created", "order.updated"]),
}


@schemathesis.hook
def before_add_examples(context, examples):
    """The calls that are right come first."""
    for call in KNOWN["calls"].get(context.operation.label, []):
        told = {"path_parameters": call["path"], "query": call["query"]}
        if call["body"] is not None:
            told |= {"body": call["body"], "media_type": media_type(context.operation)}
        case = context.operation.Case(**told)
        # As every other case has it, where a key is asked for.
        set_on_case(case, AuthContext(operation=case.operation, app=case.operation.app), None)
        examples.append(case)


def media_type(operation):
    return "application/x-www-form-urlencoded" if operation.path.startswith("/s/") else "application/json"


@schemathesis.hook
def before_call(context, case, kwargs):
    """The key in use outlives the run, nothing is sent to strangers, a platform signs what it sends, and the edge shows its token."""
    path = case.operation.path
    if path.startswith("/v1/keys/") and (case.path_parameters or {}).get("id") == KNOWN["key"]:
        case.path_parameters["id"] = KNOWN["pools"]["key"][0]
    if path == "/v1/endpoints" and isinstance(case.body, dict) and isinstance(case.body.get("url"), str):
        case.body["url"] = harmless(case.body["url"])
    if path == "/v1/settings" and isinstance(case.body, dict) and type(case.body.get("version")) is int:
        # Whoever names another version than the last is told 409, whatever else is wrong: one in eight is enough.
        if case.body["version"] >= 0 and zlib.crc32(repr(case.body).encode()) % 8:
            del case.body["version"]
    if path == "/v1/edge/offers":
        kwargs["auth"] = Token()
    platform = path.removeprefix("/v1/hooks/").split("/")[0]
    if platform in PLATFORMS and (case.path_parameters or {}).get("id") == KNOWN["pools"][platform][0]:
        kwargs["auth"] = Signed(*PLATFORMS[platform])


def harmless(url):
    """The same place at our own receiver, if the address has a host."""
    try:
        told = urlsplit(url)
    except ValueError:
        return url
    return url.replace(f"{told.scheme}://{told.netloc}", KNOWN["receiver"], 1) if told.netloc else url


class Signed(requests.auth.AuthBase):
    """Signs what is sent as the platforms do, and gives it a topic, if it has none."""

    def __init__(self, signature, topic, topics):
        self.signature, self.topic, self.topics = signature, topic, topics

    def __call__(self, request):
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        proof = hmac.new(KNOWN["secret"].encode(), body, hashlib.sha256).digest()
        request.headers[self.signature] = base64.b64encode(proof).decode()
        request.headers.setdefault(self.topic, self.topics[len(body) % len(self.topics)])
        return request


class Token(requests.auth.AuthBase):
    """A customer's token for the edge, as the bearer."""

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {KNOWN['pools']['snapshot'][0]}"
        return request


@schemathesis.hook
def after_call(context, case, response):
    """Which operation, what kind of data, and what came of it."""
    meta = case.meta
    # Those of `before_add_examples` have none.
    phase = meta.phase.name.value if meta else "examples"
    mode = meta.generation.mode.value if meta else "positive"
    ANSWERS.write(json.dumps([case.operation.label, phase, mode, case.method, response.status_code]) + "\n")
    ANSWERS.flush()
