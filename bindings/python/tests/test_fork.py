"""Processes: a forked child goes on with connections of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pathlib
import sys
from typing import Any, List

import pytest
from conftest import TIMEOUT, Redis, free_port

from distributed_rate_limiter import RateLimiter

inherited: "RateLimiter | None" = None


def draw(url: str, namespace: str, count: int, answers: Any) -> None:
    """What a child does: calls of both kinds, on the limiter that it inherited, or on one of its own."""
    limiter = inherited or RateLimiter(url, 300, 86400, namespace=namespace, timeout=TIMEOUT)

    async def gather() -> List[Any]:
        return await asyncio.gather(*(limiter.allow_async("user") for _ in range(count)))

    allowed = sum(limiter.allow("user")[0] for _ in range(count))
    allowed += sum(answer[0] for answer in asyncio.run(gather()))
    answers.put((allowed, limiter.stats().undecided))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_draw_from_one_bucket_exactly(redis: Redis, namespace: str, method: Any) -> None:
    global inherited
    with RateLimiter(redis.url, 300, 86400, namespace=namespace, timeout=TIMEOUT) as limiter:
        assert limiter.allow("user")[0]
        assert asyncio.run(limiter.allow_async("user"))[0]
        inherited = limiter if method == "fork" else None
        context = multiprocessing.get_context(method)
        answers = context.Queue()
        children = [context.Process(target=draw, args=(redis.url, namespace, 50, answers)) for _ in range(4)]
        for child in children:
            child.start()
        results = [answers.get(timeout=60) for _ in children]
        for child in children:
            child.join(60)
            assert child.exitcode == 0
        inherited = None
        assert sum(allowed for allowed, _ in results) == 298
        assert all(undecided == 0 for _, undecided in results)
        assert not limiter.allow("user")[0]


def test_forking_beside_waiting_threads_leaves_the_child_whole(redis: Redis, namespace: str) -> None:
    import threading

    with RateLimiter(redis.url, 10**9, 86400, namespace=namespace, timeout=TIMEOUT) as limiter:
        stop = threading.Event()

        def call() -> None:
            while not stop.is_set():
                limiter.allow("user")

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                pid = os.fork()
                if pid == 0:
                    good = limiter.allow("user")[0] and asyncio.run(limiter.allow_async("user"))[0]
                    limiter.close()
                    os._exit(0 if good else 1)
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert limiter.allow("user")[0]


APP = """
import os
from distributed_rate_limiter import RateLimiter

limiter = RateLimiter({url!r}, 1000, 86400, namespace={namespace!r}, timeout=10)
assert limiter.allow("in the master")[0]


def app(environ, start_response):
    if environ["PATH_INFO"] == "/up":
        start_response("200 OK", [])
        return [b""]
    allowed, info = limiter.allow("user")
    start_response("200 OK" if allowed and not info.degraded else "503 No", [])
    return [b"%d %d" % (os.getpid(), info.remaining)]
"""


def test_limiter_opened_before_gunicorn_forks_serves_in_every_worker(
    redis: Redis, namespace: str, tmp_path: pathlib.Path, serve: Any
) -> None:
    (tmp_path / "preloaded.py").write_text(APP.format(url=redis.url, namespace=namespace))
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "4", "--bind", f"127.0.0.1:{port}"]
    server = serve([*command, "preloaded:app"], port)
    answers = [server.get("/") for _ in range(100)]
    assert {status for status, _, _ in answers} == {200}
    remaining = [int(body.split()[1]) for _, _, body in answers]
    assert remaining == list(range(999, 899, -1)), "every token is drawn once"
