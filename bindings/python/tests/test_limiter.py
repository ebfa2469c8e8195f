"""The blocking interface."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
import time

import pytest
from conftest import TIMEOUT, Redis

from distributed_rate_limiter import Client, ClosedError, Limit, LimitState, Outcome, RateLimiter, RateLimitInfo


def test_info_says_what_was_decided(limiter: RateLimiter) -> None:
    allowed, info = limiter.allow("user_123", cost=3)
    assert allowed is True and info.allowed is True
    assert (info.limit, info.remaining, info.cost, info.binding) == (10, 7, 3, 0)
    assert info.outcome is Outcome.ALLOWED and info.charged is True
    assert info.cause is None and info.degraded is False
    assert info.retry_after == 0.0 and 1000 < info.reset <= 1080
    assert info.decided_at is not None and abs(info.decided_at - time.time()) < 60


def test_info_has_the_limit_in_force(limiter: RateLimiter) -> None:
    info = limiter.allow("user_123", cost=3)[1]
    assert info.limits == (LimitState(rate=10, per=3600.0, burst=10, remaining=7, reset=info.reset),)
    with pytest.raises(dataclasses.FrozenInstanceError):
        info.limits[0].remaining = 10  # type: ignore[misc]


def test_denied_says_when_to_come_back(limiter: RateLimiter) -> None:
    limiter.allow("user_123", cost=10)
    allowed, info = limiter.allow("user_123", cost=2)
    assert allowed is False and info.outcome is Outcome.DENIED and info.charged is False
    assert 700 < info.retry_after <= 720


def test_cost_above_burst_will_never_be_allowed(limiter: RateLimiter) -> None:
    allowed, info = limiter.allow("user_123", cost=11)
    assert not allowed and info.outcome is Outcome.NEVER
    assert info.retry_after == math.inf
    assert "Retry-After" not in info.as_headers()


def test_peek_takes_nothing_and_reset_gives_all_back(limiter: RateLimiter) -> None:
    limiter.allow("user_123", cost=4)
    assert limiter.peek("user_123").remaining == 6
    assert limiter.peek("user_123").remaining == 6
    limiter.reset("user_123")
    assert limiter.peek("user_123").remaining == 10


@pytest.mark.parametrize("identity", [b"j\xc3\xbcrgen", bytearray(b"j\xc3\xbcrgen"), memoryview(b"j\xc3\xbcrgen")])
def test_text_is_its_utf8(limiter: RateLimiter, identity: bytes) -> None:
    limiter.allow("jürgen", cost=4)
    assert limiter.peek(identity).remaining == 6


def test_identity_may_hold_any_byte(limiter: RateLimiter) -> None:
    limiter.allow(b"\x00\xff\n", cost=4)
    assert limiter.peek(b"\x00\xff\n").remaining == 6
    assert limiter.peek(b"\x00\xff").remaining == 10


def test_allow_many_decides_in_order(limiter: RateLimiter) -> None:
    answers = limiter.allow_many(["a", ("a", 9), "a", b"b"])
    assert [allowed for allowed, _ in answers] == [True, True, False, True]
    assert [info.remaining for _, info in answers] == [9, 0, 0, 9]
    assert limiter.allow_many([]) == []
    assert len(limiter.allow_many((f"user {i}" for i in range(4096)))) == 4096


def test_several_limits_are_charged_together_or_not_at_all(redis: Redis, namespace: str) -> None:
    limits = [Limit(5, 60, name="minute"), Limit(8, 3600, burst=6, name="hour")]
    with RateLimiter(redis.url, limits=limits, namespace=namespace, timeout=TIMEOUT) as limiter:
        assert limiter.allow("user", cost=5)[0]
        allowed, info = limiter.allow("user", cost=3)
        assert not allowed and info.binding == 1 and info.limit == 6
        assert [(limit.rate, limit.per, limit.burst) for limit in info.limits] == [(5, 60.0, 5), (8, 3600.0, 6)]
        assert [limit.remaining for limit in info.limits] == [0, 1] and info.limits[1].reset == info.reset
        assert limiter.peek("user").remaining <= 1
        policies = info.as_headers()["RateLimit-Policy"]  # a burst of 6 is full again in 45 minutes
        assert policies == '"minute";q=5;w=60, "hour";q=6;w=2700'


def test_limiters_of_one_namespace_and_name_share_buckets(redis: Redis, namespace: str) -> None:
    def opened(name: "str | None") -> RateLimiter:
        return RateLimiter(redis.url, 10, 3600, namespace=namespace, name=name, timeout=TIMEOUT)

    with opened("api") as one, opened("api") as same, opened(None) as other:
        one.allow("user", cost=4)
        assert same.peek("user").remaining == 6
        assert other.peek("user").remaining == 10


def test_other_limits_have_buckets_of_their_own(redis: Redis, namespace: str) -> None:
    def opened(rate: int, burst: "int | None" = None) -> RateLimiter:
        return RateLimiter(redis.url, rate, 3600, burst, namespace=namespace, name="api", timeout=TIMEOUT)

    with opened(10) as before, opened(10, 10) as same, opened(20) as after:
        before.allow("user", cost=10)
        assert after.allow("user", cost=20)[0]  # the one full burst that a change grants
        assert not before.allow("user")[0] and not after.allow("user")[0]
        assert before.key("user") == same.key("user") != after.key("user")


def test_key_is_the_one_in_redis(redis: Redis, namespace: str) -> None:
    with RateLimiter(redis.url, 10, 3600, namespace=namespace, name="api", timeout=TIMEOUT) as limiter:
        key = limiter.key("jürgen")
        assert key.startswith(f"drl:{namespace}:{{") and key.endswith(":api")
        assert key == limiter.key("jürgen".encode()) != limiter.key("other")
        limiter.allow("jürgen")
        assert redis.ask(f"EXISTS {key}\r\n".encode()) == b":1\r\n"
        with pytest.raises(ValueError, match="identity"):
            limiter.key("")
    with pytest.raises(ClosedError, match="closed"):
        limiter.key("jürgen")


def test_limiters_share_a_client_and_leave_it_open(redis: Redis, namespace: str) -> None:
    with Client(redis.url, timeout=TIMEOUT) as client:
        with RateLimiter(client=client, rate=10, per=60, namespace=namespace) as first:
            assert first.allow("user")[0]
        second = RateLimiter(client=client, rate=10, per=60, namespace=namespace, name="second")
        assert second.allow("user")[0]
        assert client.stats().connects == 1 and client.stats().allowed == 2


def test_burst_is_what_may_be_saved_up(redis: Redis, namespace: str) -> None:
    with RateLimiter(redis.url, 1, 3600, 3, namespace=namespace, timeout=TIMEOUT) as limiter:
        assert [limiter.allow("user")[0] for _ in range(4)] == [True, True, True, False]


def test_tokens_come_back_with_time(redis: Redis, namespace: str) -> None:
    with RateLimiter(redis.url, rate=2, per=0.5, namespace=namespace, timeout=TIMEOUT) as limiter:
        limiter.allow("user", cost=2)
        info = limiter.peek("user")
        time.sleep(info.reset)
        assert limiter.allow("user", cost=2)[0]


def test_secret_makes_other_keys(redis: Redis, namespace: str) -> None:
    def opened(secret: "bytes | None") -> RateLimiter:
        return RateLimiter(redis.url, 10, 60, namespace=namespace, identity_secret=secret, timeout=TIMEOUT)

    with opened(b"0123456789abcdef") as secret, opened(None) as plain:
        secret.allow("user")
        assert plain.peek("user").remaining == 10


def test_nobody_finds_the_identity_in_redis(redis: Redis, limiter: RateLimiter) -> None:
    limiter.allow("identity-in-the-clear")
    assert b"identity-in-the-clear" not in redis.ask(b"KEYS *\r\n")


def test_headers_can_be_chosen(limiter: RateLimiter) -> None:
    info = limiter.allow("user")[1]
    assert list(info.as_headers()) == [
        "RateLimit-Policy",
        "RateLimit",
        "RateLimit-Limit",
        "RateLimit-Remaining",
        "RateLimit-Reset",
    ]
    assert list(info.as_headers(styles="draft", lower_case=True)) == ["ratelimit-policy", "ratelimit"]
    epoch = info.as_headers(styles=["x"], x_reset="epoch")["X-RateLimit-Reset"]
    assert int(epoch) > 1_600_000_000
    with pytest.raises(ValueError, match="styles"):
        info.as_headers(styles=["w3c"])
    with pytest.raises(ValueError, match="x_reset"):
        info.as_headers(x_reset="soon")


def test_info_cannot_be_changed(limiter: RateLimiter) -> None:
    info = limiter.allow("user")[1]
    with pytest.raises(AttributeError, match="remaining"):
        info.remaining = 10  # type: ignore[misc]
    with pytest.raises(AttributeError):
        info.note = "mine"  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        del info._values


def test_info_compares_hashes_and_travels_to_other_processes(limiter: RateLimiter) -> None:
    info = limiter.allow("user")[1]
    travelled = pickle.loads(pickle.dumps(info))
    assert travelled == info and hash(travelled) == hash(info) and copy.copy(info) == info
    assert info != limiter.allow("user")[1] and info != 1
    with pytest.raises(ValueError, match="limiter"):
        travelled.as_headers()
    assert "remaining=9" in repr(info)


def test_stats_and_metrics_count(limiter: RateLimiter, namespace: str) -> None:
    for _ in range(11):
        limiter.allow("user")
    limiter.allow("user", cost=11)
    limiter.peek("user")
    limiter.reset("user")
    stats = limiter.stats()
    assert (stats.allowed, stats.denied, stats.never, stats.undecided) == (10, 1, 1, 0)
    assert (stats.peeks, stats.resets, stats.connects) == (1, 1, 1)
    assert stats.breaker == "closed" and stats.connected is True and stats.breaker_opened == 0
    assert sum(stats.latency) > 0 and stats.latency_sum > 0 and sum(stats.batch_size) == stats.batches
    line = f'drl_decisions_total{{namespace="{namespace}",limiter="",outcome="allowed"}} 10'
    assert line in limiter.metrics().splitlines()


def test_metrics_of_many_limiters_fit(redis: Redis, namespace: str) -> None:
    with Client(redis.url, timeout=TIMEOUT) as client:
        for number in range(120):
            with RateLimiter(client=client, rate=1, per=1, namespace=namespace, name=f"{'long' * 10}-{number}") as limiter:
                limiter.allow("user")
        assert len(client.metrics()) > 16384 and "_other" in client.metrics()


def test_closed_limiter_raises_and_closing_twice_is_fine(redis: Redis) -> None:
    limiter = RateLimiter(redis.url, 10, 60, timeout=TIMEOUT)
    info = limiter.allow("user")[1]
    limiter.close()
    limiter.close()
    for call in (limiter.allow, limiter.peek, limiter.reset):
        with pytest.raises(ClosedError, match="closed"):
            call("user")
    with pytest.raises(ClosedError, match="closed"):
        limiter.allow_many(["user"])
    with pytest.raises(ClosedError, match="closed"):
        limiter.stats()
    with pytest.raises(ClosedError, match="closed"):
        limiter.metrics()
    assert info.as_headers()["RateLimit-Limit"] == "10"
    assert limiter.client.closed


def test_closed_client_ends_its_limiters(redis: Redis) -> None:
    client = Client(redis.url, timeout=TIMEOUT)
    limiter = RateLimiter(client=client, rate=10, per=60)
    client.close()
    with pytest.raises(ClosedError, match="closed"):
        limiter.allow("user")
    with pytest.raises(ClosedError, match="closed"):
        RateLimiter(client=client, rate=10, per=60)


def test_limiter_that_nobody_keeps_closes_its_connection(redis: Redis) -> None:
    for _ in range(50):
        RateLimiter(redis.url, 10, 60, client_name="forgotten", timeout=TIMEOUT).allow("user")
    time.sleep(0.2)
    assert redis.ask(b"CLIENT LIST\r\n").count(b"name=forgotten") <= 1


def test_info_made_by_hand_has_no_headers() -> None:
    with pytest.raises(ValueError, match="limiter"):
        RateLimitInfo((1, 1, 0, 1, 0, 0, 10, 9, 1, 0, 0, 0, 0, 1, 10, 60_000_000, 10, 9, 0)).as_problem()


@pytest.mark.parametrize("cut", [12, 14, 18])
def test_info_without_its_limits_has_no_headers(limiter: RateLimiter, cut: int) -> None:
    info = limiter.peek("user")
    with pytest.raises((TypeError, ValueError), match="decision"):
        RateLimitInfo(info._values[:cut], info._limiter).as_headers()


def test_info_of_eight_limits_has_all_of_them(redis: Redis, namespace: str) -> None:
    limits = [Limit(10 + number, 3600) for number in range(8)]
    with RateLimiter(redis.url, limits=limits, namespace=namespace, timeout=TIMEOUT) as limiter:
        infos = [limiter.allow("user")[1], limiter.allow_many(["user"])[0][1]]
        assert [limit.remaining for limit in infos[1].limits] == list(range(8, 16))
        for info in infos:
            assert [limit.rate for limit in info.limits] == list(range(10, 18))
            assert info.as_headers(styles="draft")["RateLimit-Policy"].count(";q=") == 8
