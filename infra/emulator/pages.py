"""The console of a deployed stack, as a browser meets it: signed in with an admin key, from page to page."""

import http.client
import json
import re
from urllib.parse import urlencode

from .story import ended
from .wrong import expect, until

PAGES = ["movement", "cuts", "campaigns", "uplift", "surveys", "runs", "customers", "customers/c-2"]


class Browser:
    """It keeps the cookies that it is told, and goes where it is sent."""

    def __init__(self, api):
        self.api, self.cookies = api, {}

    def call(self, method, path, form=None):
        """One call: status, text and where it is sent to."""
        connection = http.client.HTTPConnection("127.0.0.1", self.api.port, timeout=60)
        headers = {"Host": self.api.host, "Content-Type": "application/x-www-form-urlencoded"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, urlencode(form or {}).encode() if method == "POST" else None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        for set_cookie in answer.headers.get_all("Set-Cookie") or []:
            name, value = set_cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
            self.told = set_cookie
        return answer.status, text, answer.getheader("Location")


def check(here):
    """The door opens to an admin key alone; the pages behind it say what the API says; a form does what it says."""
    browser = Browser(here)
    expect("the console of nobody", browser.call("GET", "/console")[::2], (303, "/console/sign-in"))
    expect("the door", browser.call("GET", "/console/sign-in")[0], 200)
    expect("a checkout key at the door", browser.call("POST", "/console/sign-in", {"key": here.keys["checkout"]})[0], 403)
    signed_in = browser.call("POST", "/console/sign-in", {"key": here.keys["admin"]})
    expect("an admin key at the door", signed_in[::2], (303, "/console"))
    flags = {flag.strip() for flag in browser.told.split(";")[1:]}
    expect("its cookie", {"HttpOnly", "Secure", "SameSite=Strict", "Path=/console"} - flags, set())

    status, base, _ = browser.call("GET", "/console")
    expect("the base", status, 200)
    census = here.call("admin", "GET", "/v1/segments").json
    for cell in census["segments"]:
        if cell["segment"] != "none":
            linked = re.search(rf'href="/console/segments/{cell["segment"]}".*?class="figure">([^<]*)<', base, re.DOTALL)
            expect(f"customers of {cell['segment']} on the page", linked[1], str(cell["customers"]))
            expect(f"the page of {cell['segment']}", browser.call("GET", f"/console/segments/{cell['segment']}")[0], 200)
    for path in PAGES:
        expect(f"the page {path}", browser.call("GET", f"/console/{path}")[0], 200)
    for path, kind in [("/console/console.css", "{"), ("/console/icon.svg", "<svg")]:
        expect(path, kind in browser.call("GET", path)[1], True)

    # A campaign of the shop's own is paused by its button, and opened again.
    number = here.call("admin", "GET", "/v1/campaigns?series=welcome").json["items"][0]["number"]
    page = browser.call("GET", f"/console/campaigns/{number}")[1]
    form = re.search('name="form" value="([0-9a-f]+)"', page)[1]
    for state in "paused", "open":
        to = f"/console/campaigns/{number}/state"
        expect("a foreign form", browser.call("POST", to, {"form": "0" * 32, "state": state})[0], 403)
        expect(f"the button to be {state}", browser.call("POST", to, {"form": form, "state": state})[0], 303)
        expect("the campaign", here.call("admin", "GET", f"/v1/campaigns/{number}").json["state"], state)
    export(browser, here, form, max(census["segments"], key=lambda cell: cell["customers"]))
    expect("signing out", browser.call("POST", "/console/sign-out", {"form": form})[0], 303)
    expect("the console after that", browser.call("GET", "/console")[0], 303)


def export(browser, here, form, cell):
    """An audience's file, made by a job that the console's function begins and its state machine does."""
    status, _, job = browser.call("POST", f"/console/segments/{cell['segment']}/export", {"form": form})
    expect("an export is begun", status, 303)
    done = until("the export", lambda: here.call("admin", "GET", job.replace("/console", "/v1")).json, ended, 120)
    expect("the export", [done["status"], done["rows"]], ["done", cell["customers"]])
    status, file, _ = browser.call("GET", f"{job}/file?format=ndjson")
    listed = {json.loads(line)["customer"] for line in file.splitlines()}
    audience = here.call("admin", "GET", f"/v1/segments/{cell['segment']}/customers?limit=1000").json["items"]
    expect("customers of its file", [status, sorted(listed)], [200, sorted(member["customer"] for member in audience)])
