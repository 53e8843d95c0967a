"""A shop's first days, told through an API: the same to the deployed functions and to `tercile serve`, and the answers compared.

Everything goes over HTTP. The deployment's run is begun by its schedule and done by its state machine, the catalogue is published
by the execution that the products' function starts; on one machine both are tasks of the server. Secrets, currency, time zone and
day are the same, so every answer must be: customers' keys, codes and the calendar of offers are made of them.
"""

from datetime import datetime, timedelta, timezone

from .wrong import Wrong, expect, until

CUSTOMERS = 150
CATEGORIES = ["tea", "cups", "cakes", "spoons"]
# What two machines cannot say alike: when something was done, and which number a run has.
VOLATILE = {"reserved_at", "expires_at", "settled_at", "created", "started", "finished", "kept_until", "seconds", "run"}


def noon():
    """A time zone in which it is about noon, so that no midnight comes between the questions, and its day."""
    now = datetime.now(timezone.utc)
    ahead = 12 - now.hour
    # The signs of these names are the other way round.
    return f"Etc/GMT{'+' if ahead < 0 else '-'}{abs(ahead)}", (now + timedelta(hours=ahead)).date()


def products():
    """Some in each category; one is on sale and one is nearly gone."""
    listed = [
        {"id": f"{category}-{n}", "name": f"{category} no. {n}", "category": category, "price": 400 + 150 * n}
        for category in CATEGORIES
        for n in range(5)
    ]
    listed[3] |= {"list_price": 2_000}
    listed[7] |= {"stock": 2}
    return listed


def orders(today):
    """Each customer bought 1 to 4 times in the last half year, two lines each time."""
    for n in range(CUSTOMERS):
        for m in range(1 + n * 7 % 4):
            day = today - timedelta(days=1 + (n * 13 + m * 29) % 180)
            lines = [
                {"product": f"{CATEGORIES[(n + k) % 4]}-{(m + k) % 5}", "category": CATEGORIES[(n + k) % 4], "amount": amount}
                for k, amount in enumerate([500 + (n * 37 + m * 101) % 9_000, 250])
            ]
            yield {"id": f"A-{n}-{m}", "customer": f"c-{n}", "time": f"{day}T10:00:00Z", "currency": "GBP", "lines": lines}


def send(api, today):
    """All that the shop sends before the first run; gives the answers."""
    sent = list(orders(today))
    calls = [("ingest", "POST", "/v1/orders", {"orders": sent[n : n + 100]}) for n in range(0, len(sent), 100)]
    calls.append(("ingest", "POST", "/v1/orders", {"orders": sent[:5]}))  # Again: nothing changes.
    corrected = {**sent[1], "revision": 1, "total": 12_345, "lines": []}
    calls.append(("ingest", "PUT", f"/v1/orders/{corrected.pop('id')}", corrected))
    back = {"id": "R-1", "order": "A-2-0", "time": f"{today - timedelta(days=1)}T12:00:00Z", "lines": [{"line": "2"}]}
    calls.append(("ingest", "POST", "/v1/returns", back))
    for n in range(5):
        facts = {"updated_at": f"{today - timedelta(days=9)}T09:00:00Z", "mailing_consent": True}
        facts |= {"programme_since": str(today - timedelta(days=30))}
        calls.append(("ingest", "PUT", f"/v1/customers/c-{n}", facts))
    calls.append(("ingest", "PUT", "/v1/products", {"products": products()}))
    calls.append(("admin", "POST", "/v1/campaigns", campaign(today)))
    return [told(api.call(*call)) for call in calls]


def campaign(today):
    """A code for everybody."""
    return {
        "series": "welcome",
        "from": str(today - timedelta(days=5)),
        "until": str(today + timedelta(days=20)),
        "beyond_rules": True,
        "idea": {
            "mechanic": "code",
            "place": "both",
            "calendar": {"slots": {"every": 30, "open": 30}},
            "validity": 30,
            "reward": {"discount": 10},
            "conditions": {"min_total": 2_000},
            "text": {"en": "Welcome.", "ru": "Добро пожаловать."},
            "say": {"en": "On anything: {reward}.", "ru": "На всё: {reward}."},
            "why": {"en": "We are new.", "ru": "Мы новые."},
        },
    }


def ask(api):
    """What staff and checkout ask after the run; gives the answers."""
    answers = {"census": told(api.call("admin", "GET", "/v1/segments"))}
    for n in (0, 1, 2, 77):
        answers[f"segment of c-{n}"] = told(api.call("checkout", "GET", f"/v1/customers/c-{n}/segment"))
        answers[f"offers of c-{n}"] = told(api.call("checkout", "GET", f"/v1/customers/c-{n}/offers"))
    answers["nobody"] = told(api.call("checkout", "GET", "/v1/customers/nobody/offers"))
    cart = {"customer": "c-3", "cart": {"products": ["tea-1"]}}
    answers["offers for a cart"] = told(api.call("checkout", "POST", "/v1/offers", cart))
    answers["history"] = told(api.call("admin", "GET", "/v1/customers/c-2/history"))
    answers["audience"] = told(api.call("admin", "GET", f"/v1/segments/{some_segment(answers['census'])}/customers"))
    redeem(api, answers)
    return answers


def redeem(api, answers):
    """The first code that one of the customers was given, reserved, confirmed, and tried once more."""
    for n in (0, 1, 2, 77):
        offers = answers[f"offers of c-{n}"]["json"]["decision"]["offers"]
        for offer in offers:
            code = offer.get("reward", {}).get("code") or offer.get("code")
            if code:
                use = {"code": code, "customer": f"c-{n}", "order": "B-1", "total": 4_999}
                reserved = api.call("checkout", "POST", "/v1/redemptions", use)
                answers["reserved"] = told(reserved)
                path = f"/v1/redemptions/{reserved.json['id']}"
                answers["confirmed"] = told(api.call("checkout", "POST", f"{path}/confirm"))
                answers["read"] = told(api.call("checkout", "GET", path))
                another = {**use, "customer": "c-9", "order": "B-2"}
                answers["another's code"] = told(api.call("checkout", "POST", "/v1/redemptions", another))
                return
    raise Wrong(f"nobody was offered a code: {answers['offers of c-0']}")


def some_segment(census):
    """The fullest one."""
    return max(census["json"]["segments"], key=lambda cell: (cell["customers"], cell["segment"]))["segment"]


def told(answer):
    """Status and body, without what is volatile."""
    return {"status": answer.status, "json": steady(answer.json) if answer.json is not None else answer.text}


def steady(value):
    """The same without what two machines cannot say alike."""
    if isinstance(value, dict):
        return {key: steady(inner) for key, inner in value.items() if key not in VOLATILE}
    return [steady(inner) for inner in value] if isinstance(value, list) else value


def same(what, here, there):
    """Both said the same; otherwise, the first answer in which they differ."""
    for key in there if isinstance(there, dict) else range(len(there)):
        if here[key] != there[key]:
            raise Wrong(f"{what}, {key}:\n  deployed    {here[key]}\n  one machine {there[key]}")
    expect(f"{what}: answers that are the same from both", len(here), len(there))


def compare(stack, here, there, today):
    """The whole story; gives nothing, as everything in it is checked."""
    same("orders, a correction, a return, attributes, products, a campaign", send(here, today), send(there, today))
    published(stack)
    scheduled(stack)
    told_run = until("the scheduled run", lambda: here.call("admin", "GET", "/v1/runs/1").json, ended)
    expect("the run that the schedule began", [told_run["status"], told_run["day"]], ["published", str(today)])
    begun = there.call("admin", "POST", "/v1/runs", {}).json
    until("the run of one machine", lambda: there.call("admin", "GET", f"/v1/runs/{begun['run']}").json, ended, 180)
    until("products in its lookups", lambda: there.call("checkout", "GET", "/v1/customers/c-1/offers").json, has_products, 200)
    until("products in the lookups", lambda: here.call("checkout", "GET", "/v1/customers/c-1/offers").json, has_products, 200)
    same("census, segments, offers, a story, an audience, a redemption", ask(here), ask(there))
    same("a learning and a simulation", work(here, today), work(there, today))


def work(api, today):
    """A learning and a simulation, each done by its state machine; gives what came of them."""
    answers = {"learning begins": told(api.call("admin", "POST", "/v1/affinities", {}))}
    until("a learning", lambda: api.call("admin", "GET", "/v1/affinities").json, ended, 120)
    answers["learned"] = told(api.call("admin", "GET", "/v1/affinities"))
    asked = {"from": str(today - timedelta(days=20)), "until": str(today - timedelta(days=1))}
    begun = api.call("admin", "POST", "/v1/simulations", asked)
    answers["simulation begins"] = told(begun)
    until("a simulation", lambda: api.call("admin", "GET", begun.json["location"]).json, ended, 120)
    answers["simulation"] = told(api.call("admin", "GET", begun.json["location"]))
    answers["its rows"] = told(api.call("admin", "GET", f"{begun.json['location']}/result?limit=1000"))
    expect("learning and simulation", [answers[what]["json"]["status"] for what in ("learned", "simulation")], ["done", "done"])
    return answers


def ended(run):
    return run.get("status") not in (None, "queued", "running")


def has_products(offers):
    return any(offer.get("products") for offer in offers["decision"]["offers"])


def published(stack):
    """The execution that publishes the products was begun by the function that took them, and succeeds."""
    machines = stack.emulator.client("stepfunctions")
    machine = stack.ids()["PublishStateMachine"]
    runs = until(
        "the execution that publishes products",
        lambda: machines.list_executions(stateMachineArn=machine)["executions"],
        lambda runs: runs and all(run["status"] != "RUNNING" for run in runs),
    )
    expect("executions that publish products", [run["status"] for run in runs], ["SUCCEEDED"])


def scheduled(stack):
    """The schedule's target, called by the emulator's scheduler: by a second schedule of the same target that is due at once.

    The one of the template is due at the next full hour.
    """
    scheduler = stack.emulator.client("scheduler")
    hourly = scheduler.get_schedule(Name=stack.ids()["ResegmentFunctionHourly"])
    scheduler.create_schedule(
        Name="now",
        ScheduleExpression="at(2020-01-01T00:00:00)",
        FlexibleTimeWindow=hourly["FlexibleTimeWindow"],
        Target=hourly["Target"],
    )
    machines = stack.emulator.client("stepfunctions")
    machine = stack.ids()["RunStateMachine"]
    runs = until(
        "the run's execution",
        lambda: machines.list_executions(stateMachineArn=machine)["executions"],
        lambda runs: runs and all(run["status"] != "RUNNING" for run in runs),
    )
    expect("executions of the run that the scheduler began", [run["status"] for run in runs], ["SUCCEEDED"])
