"""Wrong arguments: ValueError or TypeError, with the argument's name."""

from __future__ import annotations

import asyncio
import datetime
import re
from typing import Any, Dict

import pytest
from conftest import TIMEOUT, Redis

from distributed_rate_limiter import Client, InvalidArgumentError, Limit, RateLimiter, RateLimiterError, Status

GOOD: Dict[str, Any] = {"redis_url": "redis://localhost:6379/0", "rate": 10, "per": 60}
NOT_UTF8 = "\ud800"

WRONG_VALUES = [
    ({"redis_url": ""}, "redis_url", Status.URL),
    ({"redis_url": "http://localhost"}, "scheme", Status.URL_SCHEME),
    ({"redis_url": "redis://localhost:port"}, "port", Status.URL_PORT),
    ({"redis_url": "redis://localhost/zero"}, "database", Status.URL_DATABASE),
    ({"redis_url": "redis://localhost/0?nonsense=1"}, "parameter", Status.URL_PARAMETER),
    ({"rate": 0}, "rate", Status.RATE),
    ({"rate": -1}, "rate", Status.RATE),
    ({"rate": 10**30}, "rate", Status.RATE),
    ({"per": 0}, "per", Status.PER),
    ({"per": -60}, "per", Status.PER),
    ({"per": float("nan")}, "per", Status.PER),
    ({"per": float("inf")}, "per", Status.PER),
    ({"per": 1e-7}, "per", Status.PER),
    ({"per": 1.0000001}, "per", Status.PER),
    ({"burst": 0}, "burst", Status.BURST),
    ({"burst": -1}, "burst", Status.BURST),
    ({"burst": 10**13}, "burst", Status.BURST),
    ({"namespace": "a}b"}, "namespace", Status.NAMESPACE),
    ({"namespace": "x" * 65}, "namespace", Status.NAMESPACE),
    ({"name": "a b"}, "name", Status.NAME),
    ({"fail_strategy": "ajar"}, "fail_strategy", Status.FAIL_STRATEGY),
    ({"timeout": 0}, "timeout", Status.OPTION),
    ({"timeout": 0.0005}, "timeout", Status.OPTION),
    ({"timeout": float("inf")}, "timeout", Status.OPTION),
    ({"connect_timeout": -1}, "connect_timeout", Status.OPTION),
    ({"client_name": "my app"}, "client_name", Status.OPTION),
    ({"username": "drl"}, "username", Status.OPTION),
    ({"identity_secret": b"short"}, "identity_secret", Status.OPTION),
    ({"queue_capacity_max": 0}, "queue_capacity_max", Status.OPTION),
    ({"queue_capacity_max": 63}, "queue_capacity_max", Status.OPTION),
]

WRONG_TYPES = [
    ({"redis_url": None}, "redis_url"),
    ({"redis_url": 6379}, "redis_url"),
    ({"redis_url": b"redis://localhost"}, "redis_url"),
    ({"rate": None}, "rate"),
    ({"rate": "100"}, "rate"),
    ({"rate": 1.5}, "rate"),
    ({"rate": True}, "rate"),
    ({"per": None}, "per"),
    ({"per": "60"}, "per"),
    ({"per": True}, "per"),
    ({"burst": "10"}, "burst"),
    ({"burst": 2.0}, "burst"),
    ({"namespace": 7}, "namespace"),
    ({"namespace": None}, "namespace"),
    ({"name": 7}, "name"),
    ({"fail_strategy": None}, "fail_strategy"),
    ({"timeout": "1s"}, "timeout"),
    ({"client_name": 7}, "client_name"),
    ({"password": b"secret"}, "password"),
    ({"identity_secret": 7}, "identity_secret"),
    ({"queue_capacity_max": 100.0}, "queue_capacity_max"),
    ({"spin": "no"}, "spin"),
    ({"retries": 3}, "retries"),
    ({"limits": [Limit(1, 1)]}, "limits"),
    ({"client": object(), "redis_url": None}, "client"),
]


@pytest.mark.parametrize(("wrong", "named", "status"), WRONG_VALUES)
def test_wrong_value_is_a_value_error_that_names_it(wrong: Dict[str, Any], named: str, status: Status) -> None:
    with pytest.raises(ValueError, match=named) as caught:
        RateLimiter(**{**GOOD, **wrong})
    assert isinstance(caught.value, InvalidArgumentError) and isinstance(caught.value, RateLimiterError)
    assert caught.value.status is status


@pytest.mark.parametrize(("wrong", "named"), WRONG_TYPES)
def test_wrong_type_is_a_type_error_that_names_it(wrong: Dict[str, Any], named: str) -> None:
    with pytest.raises(TypeError, match=named):
        RateLimiter(**{**GOOD, **wrong})


@pytest.mark.parametrize("name", ["namespace", "name", "redis_url", "client_name"])
def test_text_that_c_cannot_hold_is_a_value_error(name: str) -> None:
    with pytest.raises(ValueError, match="NUL"):
        RateLimiter(**{**GOOD, name: GOOD.get(name, "") + "\0"})
    with pytest.raises(ValueError, match="surrogate"):
        RateLimiter(**{**GOOD, name: GOOD.get(name, "") + NOT_UTF8})


def test_message_that_quotes_half_a_character_is_still_of_its_kind() -> None:
    for lead in ("", "a", "ab"):
        with pytest.raises(InvalidArgumentError, match="parameter"):
            Client("redis://localhost/0?" + lead + "\u20ac" * 100 + "=1")


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ([], "limits"),
        ([Limit(1, 1)] * 9, "limits"),
        ([Limit(1, 1), Limit(0, 1)], re.escape("limits[1].rate")),
        ([Limit(1, 1), Limit(1, 0.0000001)], re.escape("limits[1].per")),
        ([Limit(1, 1), Limit(1, 1, 0)], re.escape("limits[1].burst")),
        ([Limit(1, 1, name="a"), Limit(2, 1, name="a")], re.escape("limits[1].name")),
        ([Limit(1, 1, name="a\nb")], re.escape("limits[0].name")),
    ],
)
def test_wrong_limit_is_named_by_its_index(limits: Any, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        RateLimiter("redis://localhost", limits=limits)


def test_limits_must_be_limits() -> None:
    with pytest.raises(TypeError, match="limits"):
        RateLimiter("redis://localhost", limits=[(1, 1)])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=re.escape("limits[0].name")):
        RateLimiter("redis://localhost", limits=[Limit(1, 1, name=7)])  # type: ignore[arg-type]


def test_client_excludes_url_and_its_options() -> None:
    with Client("redis://localhost:1") as client:
        with pytest.raises(TypeError, match="exclude"):
            RateLimiter("redis://localhost", 1, 1, client=client)
        with pytest.raises(TypeError, match="timeout"):
            RateLimiter(rate=1, per=1, client=client, timeout=1)


@pytest.mark.parametrize("per", [60, 60.0, datetime.timedelta(minutes=1), 0.1, 0.000001, 1.000001, 2**20 + 0.5])
def test_per_may_be_exact_in_any_form(per: Any) -> None:
    RateLimiter("redis://localhost:1", 1, per).close()


WRONG_REQUESTS = [
    ("", 1, ValueError, "identity"),
    (b"", 1, ValueError, "identity"),
    ("x" * 65537, 1, ValueError, "identity"),
    (NOT_UTF8, 1, ValueError, "identity|surrogate"),
    (None, 1, TypeError, "identity"),
    (7, 1, TypeError, "identity"),
    (["u"], 1, TypeError, "identity"),
    ("user", -1, ValueError, "cost"),
    ("user", 10**12 + 1, ValueError, "cost"),
    ("user", 10**40, ValueError, "cost"),
    ("user", -(10**40), ValueError, "cost"),
    ("user", "1", TypeError, "cost"),
    ("user", 1.0, TypeError, "cost"),
    ("user", True, TypeError, "cost"),
    ("user", None, TypeError, "cost"),
]


@pytest.mark.parametrize(("identity", "cost", "kind", "named"), WRONG_REQUESTS)
def test_wrong_request_is_named_by_every_form_of_the_call(
    redis: Redis, namespace: str, identity: Any, cost: Any, kind: Any, named: str
) -> None:
    async def ask_async(limiter: RateLimiter) -> None:
        with pytest.raises(kind, match=named):
            await limiter.allow_async(identity, cost)
        with pytest.raises(kind, match=named):
            await limiter.allow_many_async([("fine", 1), (identity, cost)])

    with RateLimiter(redis.url, 10, 3600, namespace=namespace, timeout=TIMEOUT) as limiter:
        with pytest.raises(kind, match=named):
            limiter.allow(identity, cost)
        with pytest.raises(kind, match=named):
            limiter.allow_many([("fine", 1), (identity, cost)])
        asyncio.run(ask_async(limiter))
        assert limiter.peek("fine").remaining == 10, "nothing is sent when one request is wrong"


@pytest.mark.parametrize(
    ("requests", "kind", "named"),
    [
        (["user"] * 4097, ValueError, "4096"),
        ("user", TypeError, "requests"),
        (b"user", TypeError, "requests"),
        (["fine", ("user", 1, 2)], TypeError, re.escape("requests[1]")),
        (["fine", ["user", 1]], TypeError, re.escape("requests[1].identity")),
    ],
)
def test_wrong_requests_are_refused_by_both_forms(limiter: RateLimiter, requests: Any, kind: Any, named: str) -> None:
    with pytest.raises(kind, match=named):
        limiter.allow_many(requests)
    with pytest.raises(kind, match=named):
        asyncio.run(limiter.allow_many_async(requests))
    assert limiter.stats().allowed == 0


class Three:
    """As numpy's numbers are."""

    def __index__(self) -> int:
        return 3


def test_int_like_is_an_int(redis: Redis, namespace: str) -> None:
    three: Any = Three()
    with RateLimiter(redis.url, three, three, three, namespace=namespace, timeout=TIMEOUT) as limiter:
        assert limiter.allow("user", three)[1].cost == 3
        assert limiter.allow("user")[1].as_headers()["RateLimit-Policy"] == '"default";q=3;w=3'
