"""Ids as HTTP APIs hand them on: a gateway decodes a path before the function sees it.

An id of letters, digits, `_` and `-` stands in a path as it is, any other as `~` and base64url, which no gateway touches. One that
is percent-encoded instead reaches the function decoded, as something else: it must be refused, and never be taken for another
customer, whom the decoded path may name.
"""

from urllib.parse import quote

from .api import path_form
from .wrong import Wrong, expect

IDS = ["ann/b", "ann#b", "ann?b=c", "ann%41", "ann%2Fb", "~ann", "a.b", "..", "ann b", "ann\tb", "ann+b", "ann\\b"]
IDS += ["Zoë 🍵", "тёща", "a\0b"]
# Whom a decoded path may name by mistake.
NEIGHBOURS = ["ann", "annb"]


# Not as it must be: whoever is taken for another when percent-encoded, as the function reads the decoded path as an address again,
# where `#` and `?` end it and a tab is nothing. Whoever is no longer does not belong here: that is an error too.
KNOWN = []


def check(here, there, day):
    """In path form, both APIs answer for the very id; percent-encoded, the deployed one refuses."""
    for of in NEIGHBOURS:
        expect(f"{of} bought", here.call("ingest", "POST", "/v1/orders", order(of, day)).status, 201)
    for of in IDS:
        for call, named in calls(of, path_form(of), day):
            for api in here, there:
                answer = api.call(*call)
                if answer.status >= 300 or named(answer.json) != of:
                    raise Wrong(f"{call}, for {of!r}: {answer}")
    print(f"as it must be  ids in path form, by every function: {', '.join(map(repr, IDS))}", flush=True)
    taken = set()
    for of in IDS:
        encoded = quote(of, safe="")
        for (scope, method, path, body), _ in calls(of, encoded, day)[1:] if encoded != of else []:
            answer = here.call(scope, method, path, body)
            if answer.status < 400:
                taken.add(of)
                print(f"NOT as it must be  {method} {path}: {answer.text[:60]}", flush=True)
    expect("percent-encoded ids that were taken for another", sorted(taken), KNOWN)


def calls(of, in_path, day):
    """Calls with this id, each with what tells the id in its answer; in all but the first the id stands in the path."""
    facts = {"updated_at": f"{day}T11:00:00Z", "language": "en"}
    corrected = {key: value for key, value in order(of, day).items() if key != "id"}
    return [
        (("ingest", "POST", "/v1/orders", order(of, day)), placed),
        (("checkout", "GET", f"/v1/customers/{in_path}/segment", None), customer),
        (("checkout", "GET", f"/v1/customers/{in_path}/offers", None), customer),
        (("admin", "GET", f"/v1/customers/{in_path}", None), customer),
        (("admin", "GET", f"/v1/customers/{in_path}/history", None), bought),
        (("ingest", "PUT", f"/v1/customers/{in_path}", facts), customer),
        (("ingest", "PUT", f"/v1/orders/{in_path}", {**corrected, "revision": 1, "total": 900}), placed),
    ]


def customer(told):
    return told["customer"]


def placed(told):
    return told["order"]


def bought(told):
    """Of a story, whose orders are in it."""
    return next(item["order"]["customer"] for item in told["items"] if item["kind"] == "order")


def order(of, day):
    """An order whose id is the customer's."""
    return {"id": of, "customer": of, "time": f"{day}T10:00:00Z", "currency": "GBP", "total": 700}
