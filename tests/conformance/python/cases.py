"""The cases of one file each, on the Python package's public interface."""

import asyncio
import datetime
import math
import os
import secrets
import socket
import time
from urllib.parse import urlsplit

from distributed_rate_limiter import Client, Limit, RateLimiter, RateLimiterError, RateLimitInfo
from distributed_rate_limiter.http import AddressResolver

TIMEOUT_US = 10_000_000
TEN_AN_HOUR = {"limits": [{"rate": 10, "per_us": 3_600_000_000}]}
HUNDRED_A_MINUTE = {"rate": 100, "per_us": 60_000_000}
CHARGED = {False: "no", True: "yes", None: "unknown"}


class Wrong(Exception):
    """A case that is not as it should be."""


def has_only(one, *fields):
    unknown = set(one) - set(fields)
    if unknown:
        raise Wrong(f"unknown field {sorted(unknown)[0]}")


def expect(what, found, wanted):
    if found != wanted:
        raise Wrong(f"{what} is {found!r}, expected {wanted!r}")


def bytes_of(value):
    """A text stays a str: the package, too, makes UTF-8 of it."""
    if not isinstance(value, dict):
        return value
    has_only(value, "text", "hex", "repeat")
    found = bytes.fromhex(value["hex"]) if "hex" in value else value["text"]
    return found * value.get("repeat", 1)


def duration(micros):
    return datetime.timedelta(microseconds=micros)


def status_name(status):
    return "DRL_OK" if not status else f"DRL_ERR_{status.name}"


class Run:
    """What a case opens; closed with it."""

    def __init__(self, redis_url, closing):
        self.redis_url = redis_url
        self.closing = closing
        self.loop = None

    def client(self, timeout_us=TIMEOUT_US, **fields):
        options = {"redis_url": self.redis_url}
        if timeout_us is not None:
            options["timeout"] = duration(timeout_us)
        for name, value in fields.items():
            if name == "connect_timeout_us":
                options["connect_timeout"] = duration(value)
            elif name == "secret":
                options["identity_secret"] = bytes_of(value)
            else:
                options[name] = value
        return self.closing.enter_context(Client(**options))

    def limiter(self, client, fields):
        has_only(fields, "namespace", "name", "fail_strategy", "limits")
        limits = []
        for one in fields["limits"]:
            has_only(one, "rate", "per_us", "burst", "name")
            limits.append(Limit(one["rate"], duration(one["per_us"]), one.get("burst"), one.get("name")))
        rest = {name: fields[name] for name in ("namespace", "name") if name in fields}
        strategy = fields.get("fail_strategy", "error")
        limiter = RateLimiter(client=client, limits=limits, fail_strategy=strategy, **rest)
        return self.closing.enter_context(limiter)

    def wait_for(self, awaitable):
        if self.loop is None:
            self.loop = asyncio.new_event_loop()
            self.closing.callback(self.loop.close)
        return self.loop.run_until_complete(awaitable)


# ---- keys.json ----


def keys(run, one):
    has_only(one, "name", "identity", "key", "namespace", "limiter", "secret", "rate", "per_us", "burst")
    client = run.client(**{name: one[name] for name in ("secret",) if name in one})
    limit = {**HUNDRED_A_MINUTE, **{name: one[name] for name in ("rate", "per_us", "burst") if name in one}}
    fields = {"limits": [limit]}
    fields.update({name: one[field] for name, field in (("namespace", "namespace"), ("name", "limiter")) if field in one})
    limiter = run.limiter(client, fields)
    identity = bytes_of(one["identity"])
    expect("key", limiter.key(identity), one["key"])
    limiter.reset(identity)
    expect("EXISTS before", exists(run, one["key"]), b":0\r\n")
    expect("allowed", limiter.allow(identity, limit.get("burst", limit["rate"]))[0], True)
    expect("EXISTS after allow", exists(run, one["key"]), b":1\r\n")
    limiter.reset(identity)
    expect("EXISTS after reset", exists(run, one["key"]), b":0\r\n")


def exists(run, key):
    url = urlsplit(os.environ.get("CONFORMANCE_PLAIN_URL", run.redis_url))
    with socket.create_connection((url.hostname, url.port), timeout=10) as redis:
        redis.sendall(f"EXISTS {key}\r\n".encode())
        return redis.recv(64)


# ---- decisions.json ----


def decisions(run, one):
    has_only(one, "name", "limiters", "steps", "client")
    client = run.client(**one.get("client", {}))
    namespace = "conformance-" + secrets.token_hex(8)
    limiters = [run.limiter(client, {"namespace": namespace, **fields}) for fields in one["limiters"]]
    last = None
    for number, step in enumerate(one["steps"]):
        try:
            last = take_step(run, limiters, step, last)
        except Wrong as wrong:
            raise Wrong(f"step {number}: {wrong}") from None


def take_step(run, limiters, step, last):
    has_only(step, "do", "limiter", "identity", "cost", "requests", "expect")
    if step["do"] == "wait":
        time.sleep(last.retry_after)
        return last
    limiter = limiters[step.get("limiter", 0)]
    wanted = step.get("expect", {})
    try:
        found = ask(run, limiter, step)
    except RateLimiterError as error:
        expect("error", status_name(error.status), wanted.get("error", "none") if isinstance(wanted, dict) else "none")
        return last
    if isinstance(found, list):
        wanted = wanted or [{}] * len(found)
        expect("number of decisions", len(found), len(wanted))
        for info, one in zip(found, wanted):
            check_decision(info, one)
        return found[-1]
    if found is None:
        expect("error", None, wanted.get("error"))
        return last
    check_decision(found, wanted)
    return found


def ask(run, limiter, step):
    identity, cost = request_of(step)
    if step["do"] == "allow":
        return limiter.allow(identity, cost)[1]
    if step["do"] == "allow_async":
        return run.wait_for(limiter.allow_async(identity, cost))[1]
    if step["do"] == "peek":
        return limiter.peek(identity)
    if step["do"] == "reset":
        return limiter.reset(identity)
    if step["do"] == "allow_many":
        return [info for _, info in limiter.allow_many([request_of(request) for request in step["requests"]])]
    raise Wrong(f"unknown step {step['do']}")


def request_of(fields):
    return bytes_of(fields.get("identity", "user_123")), fields.get("cost", 1)


def check_decision(info, wanted):
    found = {
        "allowed": info.allowed,
        "degraded": info.degraded,
        "outcome": info.outcome.value,
        "charged": CHARGED[info.charged],
        "limit": info.limit,
        "remaining": info.remaining,
        "cost": info.cost,
        "binding": info.binding,
        "cause": status_name(info.cause),
        "retry_after_us": -1 if info.retry_after == math.inf else round(info.retry_after * 1e6),
        "reset_after_us": round(info.reset * 1e6),
        "decided": info.decided_at is not None and abs(info.decided_at - time.time()) < 3600,
        "error": None,
    }
    has_only(wanted, *found)
    for name, value in wanted.items():
        if isinstance(value, list):
            if not value[0] <= found[name] <= value[1]:
                raise Wrong(f"{name} is {found[name]}, expected {value[0]}..{value[1]}")
        else:
            expect(name, found[name], value)


# ---- headers.json, problems.json ----


def info_of(run, one):
    """The information that the package would have made of this decision."""
    limits = one.get("limits", TEN_AN_HOUR["limits"])
    limiter = run.limiter(run.client(), {"limits": limits})
    return RateLimitInfo(values_of(one["decision"], limits), limiter.peek("nobody")._limiter)


def values_of(decision, limits):
    """In the order of the package, with these limits in force."""
    *rest, binding, flags, limit, remaining, cost, retry_after_us, reset_after_us, decided_at_us = decision
    values = [*rest, flags, binding, limit, remaining, cost, retry_after_us, reset_after_us, decided_at_us, 0, len(limits)]
    for one in limits:
        values += [one["rate"], one["per_us"], one.get("burst", one["rate"]), remaining, reset_after_us]
    return tuple(values)


def headers(run, one):
    has_only(one, "name", "limits", "decision", "headers", "styles", "x_reset", "lower_case")
    options = {name: one[name] for name in ("styles", "x_reset", "lower_case") if name in one}
    lines = [list(line) for line in info_of(run, one).header_lines(**options)]
    for number, (found, wanted) in enumerate(zip(lines, one["headers"])):
        expect(f"header {number}", found, wanted)
    expect("number of headers", len(lines), len(one["headers"]))


def problems(run, one):
    has_only(one, "name", "limits", "decision", "http_status", "body")
    status, body = info_of(run, one).as_problem()
    expect("http_status", status, one["http_status"])
    expect("body", body.decode(), one["body"])


# ---- addresses.json ----


def resolver_of(fields):
    has_only(fields, "trust", "header", "hops", "networks", "ipv4_prefix_len", "ipv6_prefix_len")
    return AddressResolver(**fields)


def addresses(run, one):
    has_only(one, "name", "resolver", "peer", "lines", "identity")
    expect("identity", resolver_of(one["resolver"]).resolve(one["peer"], one["lines"]), one["identity"])


# ---- errors.json ----


def errors(run, one):
    has_only(one, "name", "status", "mentions", "client", "limiter", "request", "resolver", "decision")
    for name, call in error_calls(run, one):
        try:
            call()
        except RateLimiterError as error:
            expect(f"status of {name}", status_name(error.status), one["status"])
            if one["mentions"] not in str(error):
                raise Wrong(f"{name} says {str(error)!r}, without {one['mentions']!r}") from None
        else:
            raise Wrong(f"{name} does not fail")


def error_calls(run, one):
    """The calls that fail, by name."""
    if "client" in one:
        return [("client", lambda: open_client(run, one["client"]))]
    if "resolver" in one:
        return [("resolver", lambda: resolver_of(one["resolver"]))]
    if "decision" in one:
        info = info_of(run, one)
        return [("headers", info.header_lines), ("problem", info.as_problem)]
    client = run.client()
    if "limiter" in one:
        return [("limiter", lambda: run.limiter(client, one["limiter"]))]
    limiter = run.limiter(client, TEN_AN_HOUR)
    request = request_of(one["request"])
    return [
        ("allow", lambda: limiter.allow(*request)),
        ("allow_async", lambda: run.wait_for(limiter.allow_async(*request))),
        ("allow_many", lambda: limiter.allow_many([request])),
    ]


def open_client(run, fields):
    return run.client(**{"timeout_us": None, **fields})
