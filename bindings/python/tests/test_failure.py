"""Redis is away: never at construction, and never an exception unless it was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from typing import Any

import pytest
from conftest import TIMEOUT, Redis, wait_until

from distributed_rate_limiter import (
    CircuitOpenError,
    Limit,
    LimitState,
    Outcome,
    RateLimiter,
    RateLimiterError,
    RedisAccessError,
    RedisConnectionError,
    RedisReplyError,
    RedisTimeoutError,
    Status,
    UndecidedError,
)
from distributed_rate_limiter.http import Gate


def test_open_serves(no_redis: str) -> None:
    with RateLimiter(no_redis, 10, 60) as limiter:
        for _ in range(20):
            allowed, info = limiter.allow("user")
            assert allowed and info.degraded and info.outcome is Outcome.UNDECIDED
            assert info.cause in (Status.CONNECT, Status.TIMEOUT, Status.CIRCUIT_OPEN) and info.charged is False
            assert info.limit == 10 and info.decided_at is None
            assert info.limits == (LimitState(rate=10, per=60.0, burst=10, remaining=0, reset=0.0),)
        assert limiter.stats().undecided == 20 and not limiter.stats().connected


def test_closed_refuses(no_redis: str) -> None:
    with RateLimiter(no_redis, 10, 60, fail_strategy="closed") as limiter:
        allowed, info = limiter.allow("user")
        assert not allowed and info.degraded
        assert info.as_problem()[0] == 503 and b"temporary-reduced-capacity" in info.as_problem()[1]
        assert info.as_headers()["Retry-After"] == "1"


def test_error_raises_a_python_error_of_its_kind(no_redis: str) -> None:
    with RateLimiter(no_redis, 10, 60, fail_strategy="error") as limiter:
        with pytest.raises(ConnectionError) as caught:
            limiter.allow("user")
        assert isinstance(caught.value, RedisConnectionError) and isinstance(caught.value, UndecidedError)
        assert caught.value.status is Status.CONNECT and str(caught.value)
        with pytest.raises(UndecidedError):
            limiter.allow_many(["a", "b"])
        with pytest.raises(UndecidedError):
            asyncio.run(limiter.allow_async("user"))
        with pytest.raises(UndecidedError):
            asyncio.run(limiter.allow_many_async(["user"]))


def test_refusal_that_stands_for_an_error_has_every_limit(no_redis: str) -> None:
    """As the middlewares answer, whatever the fail strategy."""
    limits = [Limit(5, 60, name="minute"), Limit(8, 3600, burst=6, name="hour")]
    with RateLimiter(no_redis, limits=limits, fail_strategy="error") as limiter:
        info = Gate(limiter).check(None, lambda: "user")
        assert info is not None and not info.allowed and info.degraded and info.charged is None
        assert [(limit.rate, limit.per, limit.burst) for limit in info.limits] == [(5, 60.0, 5), (8, 3600.0, 6)]
        assert info.as_headers()["RateLimit-Policy"] == '"minute";q=5;w=60, "hour";q=6;w=2700'


@pytest.mark.parametrize("strategy", ["open", "closed"])
def test_reset_says_that_it_did_not_happen(no_redis: str, strategy: str) -> None:
    with RateLimiter(no_redis, 10, 60, fail_strategy=strategy) as limiter:
        with pytest.raises(UndecidedError):
            limiter.reset("user")
        with pytest.raises(UndecidedError):
            asyncio.run(limiter.reset_async("user"))


def test_asynchronous_calls_follow_the_strategy_too(no_redis: str) -> None:
    async def main() -> None:
        async with RateLimiter(no_redis, 10, 60) as limiter:
            answers = await asyncio.gather(*(limiter.allow_async("user") for _ in range(1000)))
            assert all(allowed and info.degraded for allowed, info in answers)
            assert all(allowed for allowed, _ in await limiter.allow_many_async(["a"] * 100))

    asyncio.run(main())


def test_no_call_outlives_its_deadline(own_redis: Redis) -> None:
    with RateLimiter(own_redis.url, 10, 60, timeout=0.2, fail_strategy="error") as limiter:
        limiter.allow("user")
        own_redis.signal(19)  # SIGSTOP
        start = time.monotonic()
        with pytest.raises(TimeoutError) as caught:
            limiter.allow("user")
        assert 0.15 < time.monotonic() - start < 2
        assert isinstance(caught.value, RedisTimeoutError)


def test_it_heals(own_redis: Redis) -> None:
    with RateLimiter(own_redis.url, 1000, 60, timeout=1) as limiter:
        assert not limiter.allow("user")[1].degraded
        own_redis.stop()
        assert limiter.allow("user")[1].degraded
        own_redis.start()
        wait_until(lambda: not limiter.allow("user")[1].degraded, "no decision from the Redis that came back")
        assert limiter.stats().connects >= 2


def test_open_circuit_answers_at_once(no_redis: str) -> None:
    with RateLimiter(no_redis, 10, 60, fail_strategy="error", timeout=5) as limiter:

        def opened() -> bool:
            try:
                limiter.allow("user")
            except CircuitOpenError:
                return True
            except RateLimiterError:
                pass
            return False

        start = time.monotonic()
        wait_until(lambda: opened() or limiter.stats().breaker != "closed", "the circuit stays closed")
        assert time.monotonic() - start < 5


def test_error_reply_is_named(own_redis: Redis) -> None:
    with RateLimiter(own_redis.url, 10, 60, fail_strategy="error", timeout=TIMEOUT, namespace="taken") as limiter:
        limiter.allow("user")
        key = own_redis.ask(b"KEYS drl:taken:*\r\n").split(b"\r\n")[2]
        own_redis.ask(b"SET " + key + b" mine\r\n")
        with pytest.raises(RedisReplyError) as caught:
            limiter.allow("user")
        assert caught.value.status is Status.KEY_TYPE


def test_answer_that_is_no_text_is_an_error_of_its_kind() -> None:
    """What listens there is no Redis, and answers in Latin-1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(4096)
                        connection.sendall("-ERR gr\u00fc\u00dfe\r\n".encode("latin-1"))

        threading.Thread(target=answer, daemon=True).start()
        url = f"redis://user:password@127.0.0.1:{listener.getsockname()[1]}/0"
        with RateLimiter(url, 10, 60, fail_strategy="error", timeout=TIMEOUT) as limiter, pytest.raises(UndecidedError):
            limiter.allow("user")
        listener.shutdown(socket.SHUT_RDWR)


def test_refused_password_is_named(own_redis: Redis) -> None:
    own_redis.ask(b"CONFIG SET requirepass right-password\r\n")
    options: Any = {"fail_strategy": "error", "timeout": TIMEOUT, "username": "default"}
    with RateLimiter(own_redis.url, 10, 60, password="wrong-password", **options) as limiter:
        with pytest.raises(RedisAccessError) as caught:
            limiter.allow("user")
        assert caught.value.status is Status.AUTH and "password" not in str(caught.value).replace("username-password", "")
    with RateLimiter(own_redis.url, 10, 60, password="right-password", **options) as limiter:
        assert limiter.allow("user")[0]
    own_redis.ask(b"ACL LOG RESET\r\n")  # it was refused as it should
