"""Threads: each may call at once, and none holds the others up while it waits."""

from __future__ import annotations

import concurrent.futures
import os
import threading
import time

import pytest
from conftest import TIMEOUT, Redis, run_python

from distributed_rate_limiter import ClosedError, RateLimiter


def test_gil_is_released_while_waiting(own_redis: Redis) -> None:
    with RateLimiter(own_redis.url, 10, 60, timeout=1) as limiter:
        limiter.allow("user")
        own_redis.signal(19)  # SIGSTOP
        count = 0
        caller = threading.Thread(target=limiter.allow, args=("user",))
        caller.start()
        while caller.is_alive():
            count += 1
            time.sleep(0.001)
        assert count > 50


def test_ten_waiting_threads_take_no_longer_than_one(own_redis: Redis) -> None:
    with RateLimiter(own_redis.url, 10, 60, timeout=0.5) as limiter, concurrent.futures.ThreadPoolExecutor(10) as pool:
        limiter.allow("user")
        own_redis.signal(19)
        start = time.monotonic()
        answers = list(pool.map(limiter.allow, ["user"] * 10))
        assert time.monotonic() - start < 2.5
        assert all(info.degraded for _, info in answers)


def test_bucket_is_exact_over_64_threads(redis: Redis, namespace: str) -> None:
    with RateLimiter(redis.url, 2000, 86400, namespace=namespace, timeout=60) as limiter:
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            answers = list(pool.map(lambda _: limiter.allow("user"), range(5000)))
        assert sum(allowed for allowed, _ in answers) == 2000
        assert sorted(info.remaining for allowed, info in answers if allowed) == list(range(2000))


@pytest.mark.parametrize("turn", range(5))
def test_closing_beside_calls_is_safe(redis: Redis, namespace: str, turn: int) -> None:
    limiter = RateLimiter(redis.url, 10**9, 86400, namespace=namespace, timeout=TIMEOUT)
    ready = threading.Barrier(9)

    def call() -> None:
        ready.wait()
        try:
            while True:
                limiter.allow("user")
                limiter.allow_many(["user"] * 10)
                limiter.stats()
                limiter.metrics()
        except ClosedError:
            pass

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(call) for _ in range(8)]
        ready.wait()
        time.sleep(0.05 * turn)
        limiter.close()
        for done in calls:
            done.result(30)


def test_calls_need_no_threads_of_their_own(redis: Redis, namespace: str) -> None:
    with RateLimiter(redis.url, 10**9, 86400, namespace=namespace, timeout=TIMEOUT) as limiter:
        limiter.allow("user")
        before = len(os.listdir("/proc/self/task"))
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            list(pool.map(lambda _: limiter.allow("user"), range(2000)))
            assert len(os.listdir("/proc/self/task")) <= before + 200


def test_importing_starts_nothing() -> None:
    said = run_python(
        "-X",
        "dev",
        "-W",
        "error",
        "-c",
        "import os, sys; files = os.listdir('/proc/self/fd'); import distributed_rate_limiter, distributed_rate_limiter.http;"
        "print(len(os.listdir('/proc/self/task')), len(os.listdir('/proc/self/fd')) - len(files),"
        "[name for name in ('asyncio.events', 'flask', 'starlette', 'fastapi') if name in sys.modules])",
    )
    assert said in ("1 0 []\n", "1 0 ['asyncio.events']\n")


def test_program_that_closes_nothing_ends(redis: Redis) -> None:
    start = time.monotonic()
    run_python(
        "-X",
        "dev",
        "-c",
        "import sys, threading\nfrom distributed_rate_limiter import RateLimiter\n"
        "limiter = RateLimiter(sys.argv[1], 10, 60, timeout=10)\nlimiter.allow('user')\n"
        "threading.Thread(target=limiter.allow, args=('user',), daemon=True).start()\n",
        redis.url,
    )
    assert time.monotonic() - start < 30
