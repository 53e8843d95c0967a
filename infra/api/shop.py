"""A shop with something of everything: what random calls name is there, and each operation is called rightly at least once."""

import json
import re
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from emulator import story
from emulator.api import OneMachine
from emulator.wrong import Wrong, until

FIXTURES = Path(__file__).resolve().parents[2] / "tests" / "fixtures"
SHOP = "checked"
# More than a run asks for: it is to see answers, and no limits. Events go to this machine, and to nobody else.
OPTIONS = ["--rate", "100000", "--allow-local-receivers"]
PLATFORM_SECRET = "what a platform would give, made up here"
# What each survey is answered with.
SURVEYS = {"nps": {"score": 9}, "reason": {"reason": "price"}, "purchase": {"score": 5}}
# Open all the time, so that nobody need wait for the day.
ALWAYS = {"calendar": {"slots": {"every": 30, "open": 30}}}


@contextmanager
def served(built, directory):
    """A server on loopback with the shop in it: its API, what is in it, and the file that errors are logged to."""
    zone, today = story.noon()
    log = directory / "log"
    machine = OneMachine(built, directory / "data", SHOP, zone, {}, OPTIONS, log)
    with receiver() as port, log.open("w") as machine.log, machine as api:
        # An admin's key opens all; which scope opens what is tested elsewhere.
        api.keys = dict.fromkeys(api.keys, api.keys["admin"])
        yield api, Shop(api, today, f"http://127.0.0.1:{port}").known(), log


class Receiver(BaseHTTPRequestHandler):
    """Takes every event and says nothing."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def receiver():
    """Where events go: the port of somebody who takes them."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


class Shop:
    """Fills a shop over its API and remembers what came of it."""

    def __init__(self, api, today, receiver):
        self.api, self.today, self.receiver = api, today, receiver
        self.before = today - timedelta(days=1)
        # Ids by what they name, and right calls by operation: parts of the path, query, body.
        self.pools, self.calls = {}, {}

    def must(self, method, path, body=None):
        """A call that succeeds, and its answer."""
        answer = self.api.call("admin", method, path, body)
        if not 200 <= answer.status < 300:
            raise Wrong(f"{method} {path} with {json.dumps(body)}: {answer.status} {answer.text[:1000]}")
        return answer.json

    def right(self, operation, body=None, query=None, **path):
        """A call that is right; it is not made here."""
        self.calls.setdefault(operation, []).append({"path": path, "query": query or {}, "body": body})

    def known(self):
        """Fills the shop, and tells what is there."""
        story.send(self.api, self.today)
        self.agree()
        self.regular()
        self.must("PUT", "/v1/playbook", {"idea": {"choose_reward": ALWAYS}})
        # Of yesterday, so that another one can follow today.
        run = self.must("POST", "/v1/runs", {"day": str(self.before)})["run"]
        self.ended(f"/v1/runs/{run}")
        story.work(self.api, self.today)
        self.staff()
        self.jobs()
        self.rewards()
        self.choices()
        self.platforms()
        self.facts()
        mine = re.match("tcl_[a-z0-9-]+_([0-9a-f]{12})_", self.api.keys["admin"])[1]
        return {"pools": self.pools, "calls": self.calls, "shop": SHOP, "key": mine, "secret": PLATFORM_SECRET, "receiver": self.receiver}

    def ended(self, path):
        return until(path, lambda: self.must("GET", path), story.ended, 120)

    def agree(self):
        """Everybody has joined and agreed to letters."""
        for n in range(story.CUSTOMERS):
            facts = {"updated_at": f"{self.before}T09:00:00Z", "mailing_consent": True}
            self.must("PUT", f"/v1/customers/c-{n}", facts | {"programme_since": str(self.today - timedelta(days=170))})

    def regular(self):
        """A good customer of tea who has been silent for longer than usual: they are asked what they would like."""
        for n in range(6):
            day = self.today - timedelta(days=60 + 24 * n)
            order = {"id": f"V-{n}", "customer": "vip", "time": f"{day}T10:00:00Z", "currency": "GBP"}
            self.must("POST", "/v1/orders", order | {"lines": [{"product": "tea-1", "category": "tea", "amount": 90_000}]})

    def staff(self):
        """Keys, endpoints, limits, cuts and lists."""
        census = self.must("GET", "/v1/segments")
        segments = [cell["segment"] for cell in census["segments"] if cell["customers"]]
        cuts = self.must("GET", "/v1/cuts")["known"]["items"]
        typed = self.must("POST", "/v1/cuts/candidates", {"recency": {"c1": 30, "c2": 90}, "frequency": {"c1": 1, "c2": 4}})
        make = {"scopes": ["checkout"], "name": "to be replaced"}
        keys = [self.must("POST", "/v1/keys", make)["id"] for _ in range(12)]
        to = [{"url": f"{self.receiver}/{n}"} for n in range(3)]
        endpoints = [self.must("POST", "/v1/endpoints", body)["id"] for body in to]
        # Codes of the shop's own campaign are used below, so nobody ends that.
        listed = [told for told in self.must("GET", "/v1/campaigns?limit=1000")["items"] if "welcome" not in told["series"]]
        series, numbers = [told["series"] for told in listed], [told["number"] for told in listed]
        self.pools |= {
            "segment": segments,
            "cuts": [cut["version"] for cut in cuts] + [typed["version"]],
            # The first halves live through the run; the others are ended by it.
            "key": keys[:6],
            "former_key": keys[6:],
            "endpoint": endpoints[:2],
            "former_endpoint": endpoints[2:],
            "series": series[:10],
            "campaign": numbers[:10],
        }
        self.right("POST /v1/keys", make)
        self.right("POST /v1/keys/{id}/rotate", {"overlap_minutes": 60}, id=keys[0])
        self.right("DELETE /v1/keys/{id}", id=keys[6])
        self.right("POST /v1/endpoints", {"url": f"{self.receiver}/moves", "types": ["customer.moved"]})
        self.right("POST /v1/endpoints/{id}/state", {"state": "disabled"}, id=endpoints[1])
        self.right("POST /v1/endpoints/{id}/replay", {"from": f"{self.before}T00:00:00Z"}, id=endpoints[0])
        self.right("POST /v1/endpoints/{id}/rotate", id=endpoints[0])
        self.right("DELETE /v1/endpoints/{id}", id=endpoints[2])
        self.right("PUT /v1/budgets", {"series": series[0], "count": 100})
        self.right("POST /v1/campaigns", {**story.campaign(self.today), "series": "spring"})
        self.right("POST /v1/campaigns/{n}/state", {"state": "paused"}, n=numbers[-1])
        self.right("PUT /v1/settings", {"guests": "ignore"})
        self.right("PUT /v1/playbook", {"idea": {"choose_reward": ALWAYS}})
        self.right("POST /v1/cuts/candidates", {"recency": {"c1": 20, "c2": 60}})
        self.right("POST /v1/cuts/{version}/activate", {}, version=typed["version"])
        self.right("POST /v1/cuts/rollback", {})
        self.right("POST /v1/runs", {"refit": True})
        self.right("POST /v1/affinities", {})
        for cell in segments[:2]:
            self.right("GET /v1/segments/{segment}/customers", query={"limit": 3, "format": "csv"}, segment=cell)

    def jobs(self):
        """One of each kind, ended; and a run that was previewed."""
        version = self.pools["cuts"][-1]
        self.right("POST /v1/cuts/{version}/preview", {}, version=version)
        began = [
            ("POST", f"/v1/cuts/{version}/preview", {}),
            ("POST", "/v1/cuts/candidates", {}),
            ("POST", f"/v1/segments/{self.pools['segment'][0]}/export", None),
            ("POST", "/v1/customers/c-1/export", None),
            ("POST", "/v1/customers/c-140/merge", {"into": "c-141"}),
            ("POST", "/v1/customers/c-142/merge", {"into": "c-143"}),
            ("DELETE", "/v1/customers/c-149", None),
        ]
        numbers = [1]
        for call in began:
            numbers.append(self.must(*call)["job"])
            self.ended(f"/v1/jobs/{numbers[-1]}")
        self.must("POST", f"/v1/cuts/{version}/activate", {"preview": numbers[1]})
        run = self.must("POST", "/v1/runs", {})["run"]
        self.ended(f"/v1/runs/{run}")
        self.pools |= {"job": numbers, "run": [1, run]}
        self.right("GET /v1/runs/{id}/touched", id=run)
        asked = {"from": str(self.today - timedelta(days=9)), "until": str(self.before)}
        self.right("POST /v1/simulations", asked)
        self.right("POST /v1/customers/{id}/export", id="c-2")
        self.right("GET /v1/customers/{id}/export", id="c-1")
        self.right("POST /v1/customers/{id}/merge", {"into": "c-145"}, id="c-144")
        self.right("POST /v1/customers/{id}/unmerge", id="c-140")
        self.right("DELETE /v1/customers/{id}", id="c-148")
        for number in numbers:
            self.right("GET /v1/jobs/{id}/result", id=number)

    def rewards(self):
        """Codes and offers as they are given out, some of them used; links out of letters."""
        codes, offers, redemptions = [], [], []
        for n in range(12):
            answer = self.must("GET", f"/v1/customers/c-{n}/offers?inputs=1")
            if n < 3:
                self.right("POST /v1/offers/replay", answer["inputs"])
            for offer in answer["decision"]["offers"]:
                code = offer.get("reward", {}).get("code") or offer.get("code")
                if not code or offer["reward"]["on"] != "anything" or not offer["reward"]["earned"]:
                    continue
                use = {"code": code, "customer": f"c-{n}", "order": f"B-{n}", "total": 4_999}
                codes.append(code)
                offers.append(offer["id"])
                if n < 8:
                    redemptions.append(self.must("POST", "/v1/redemptions", use)["id"])
                else:
                    self.right("POST /v1/redemptions", use)
                break
        if len(redemptions) < 4 or "POST /v1/redemptions" not in self.calls:
            raise Wrong(f"too few codes were given out: {codes}")
        self.must("POST", f"/v1/redemptions/{redemptions[0]}/confirm")
        self.must("POST", f"/v1/redemptions/{redemptions[1]}/release")
        self.right("POST /v1/redemptions/{id}/confirm", id=redemptions[2])
        self.right("POST /v1/redemptions/{id}/release", id=redemptions[3])
        self.pools |= {"code": codes, "offer": offers, "redemption": redemptions, "token": []}
        for survey, token in self.links():
            self.pools["token"].append(token)
            self.right("GET /s/{token}", token=token)
            self.right("POST /s/{token}", {"answer": str(*SURVEYS[survey].values())}, token=token)
        # The edge hands on a token, which no made-up one comes near to either.
        self.pools["snapshot"] = [self.must("POST", "/v1/customers/c-1/snapshot", {"hours": 168})["token"]]
        self.right("POST /v1/edge/offers", {"cart": {"products": []}})
        # Nothing that is made up comes near to a link's proof, so a wrong one is among the calls.
        self.right("GET /s/{token}", token="no-link-of-ours")
        if not self.pools["token"]:
            raise Wrong("no letter asks anything")

    def choices(self):
        """A category and a reward out of what the regular customer may choose from."""
        decision = self.must("GET", "/v1/customers/vip/offers")["decision"]
        offered = [offer for offer in decision["offers"] if "choice" in offer]
        if not offered:
            raise Wrong(f"nobody may choose: {json.dumps(decision)}")
        choice = offered[0]["choice"]
        made = {"id": "chosen-1", "series": offered[0]["reason"]["campaign"], "days": choice["days"]}
        made |= {"category": choice["categories"][0], "reward": choice["rewards"][0]["code"]}
        self.right("POST /v1/customers/{id}/choices", made, id="vip")

    def links(self):
        """Surveys, each with the last part of a link to its page."""
        for segment in self.pools["segment"]:
            for survey in SURVEYS:
                path = f"/v1/segments/{segment}/mailing?limit=2&campaign={survey}_survey"
                answer = self.api.call("admin", "GET", path)
                for letter in answer.json.get("items", []):
                    if letter.get("link"):
                        yield survey, letter["link"].rsplit("/", 1)[-1]

    def platforms(self):
        """A hook of each platform, and what they send, as it is documented."""
        for platform in "shopify", "woocommerce":
            made = [self.must("POST", "/v1/hooks", {"platform": platform, "secret": PLATFORM_SECRET})["id"] for _ in range(2)]
            self.pools[platform] = made[:1]
            self.pools.setdefault("former_hook", []).append(made[1])
            for sent in sorted((FIXTURES / platform).glob("*.json")):
                body = json.loads(sent.read_text())
                self.right(f"POST /v1/hooks/{platform}/{{shop}}/{{id}}", body, shop=SHOP, id=made[0])
        spare = self.must("POST", "/v1/hooks", {"platform": "woocommerce"})["id"]
        self.pools["hook"] = [spare]
        self.right("POST /v1/hooks", {"platform": "woocommerce"})
        self.right("PUT /v1/hooks/{id}", {"keep_previous": False}, id=spare)
        self.right("DELETE /v1/hooks/{id}", id=self.pools["former_hook"][0])

    def facts(self):
        """What comes from the shop's own systems."""
        order = {
            "id": "C-1",
            "customer": "c-3",
            "time": f"{self.before}T10:00:00Z",
            "currency": "GBP",
            "lines": [{"product": "tea-1", "category": "tea", "amount": 900, "quantity": "1.5"}],
        }
        self.right("POST /v1/orders", order)
        self.right("POST /v1/orders", {"orders": [{**order, "id": "C-2"}, {**order, "currency": "USD"}]})
        revision = {key: value for key, value in order.items() if key != "id"} | {"revision": 2, "status": "cancelled"}
        self.right("PUT /v1/orders/{id}", revision, id="C-1")
        self.right("POST /v1/returns", {"id": "R-2", "order": "A-5-0", "time": f"{self.before}T11:00:00Z", "amount": 5})
        self.right("PUT /v1/customers/{id}", {"updated_at": f"{self.before}T10:00:00Z", "language": "en"}, id="c-3")
        self.right("PUT /v1/products", {"products": story.products()[:2]})
        self.right("PUT /v1/products/stock", {"stock": [{"id": "tea-1", "quantity": None}, {"id": "none", "quantity": 3}]})
        self.right("POST /v1/offers", {"customer": "c-3", "cart": {"products": ["tea-1", "unheard-of"]}})
        for survey, said in SURVEYS.items():
            body = {"id": "said-1", "customer": "c-4", **said}
            self.right("POST /v1/surveys/{survey}/answers", body, survey=survey)
        self.pools |= {
            "customer": [f"c-{n}" for n in range(16)] + ["vip", "nobody", "c-149", "c-140"],
            "former_customer": [f"c-{n}" for n in range(120, 140)],
            "order": [f"A-{n}-0" for n in range(16)] + ["B-2", "C-1"],
            "product": [f"{category}-{n}" for category in story.CATEGORIES for n in range(3)],
            "category": story.CATEGORIES,
            "currency": ["GBP"],
            "time": [f"{self.today - timedelta(days=n)}T0{n}:00:00+00:00" for n in range(1, 9)],
            "day": [str(self.today - timedelta(days=n)) for n in range(9)],
            "shop": [SHOP],
            "survey": list(SURVEYS),
            "language": ["en", "ru"],
            "time_zone": [self.must("GET", "/v1/settings")["time_zone"]],
            "playbook": [self.must("GET", "/v1/playbook")["version"]],
        }
