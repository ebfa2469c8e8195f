"""asyncio."""

from __future__ import annotations

import asyncio
import gc
import os
import pathlib
import sys
import threading
import time
from typing import Any, List

import pytest
from conftest import HERE, TIMEOUT, Redis, run_python

from distributed_rate_limiter import Client, ClosedError, RateLimiter, completions


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_ten_thousand_concurrent_calls_are_exact(redis: Redis, namespace: str) -> None:
    async def main() -> None:
        async with RateLimiter(redis.url, 4000, 86400, namespace=namespace, timeout=60) as limiter:
            answers = await asyncio.gather(*(limiter.allow_async("user") for _ in range(10_000)))
            assert sum(allowed for allowed, _ in answers) == 4000
            assert all(not info.degraded for _, info in answers)
            assert sorted(info.remaining for allowed, info in answers if allowed) == list(range(4000))

    asyncio.run(main())


def test_every_call_has_an_asynchronous_form(redis: Redis, namespace: str) -> None:
    async def main() -> None:
        async with RateLimiter(redis.url, 10, 3600, namespace=namespace, timeout=TIMEOUT) as limiter:
            allowed, info = await limiter.allow_async("user", cost=2)
            assert allowed and info.remaining == 8 and info.as_headers()["RateLimit-Remaining"] == "8"
            assert (await limiter.peek_async("user")).remaining == 8
            answers = await limiter.allow_many_async(["user", ("user", 7), "user", "other"])
            assert [allowed for allowed, _ in answers] == [True, True, False, True]
            assert await limiter.allow_many_async([]) == []
            assert await limiter.reset_async("user") is None
            assert (await limiter.peek_async("user")).remaining == 10

    asyncio.run(main())


def test_loop_is_never_blocked(own_redis: Redis) -> None:
    async def ticks(seconds: float) -> List[float]:
        late = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            start = time.monotonic()
            await asyncio.sleep(0.01)
            late.append(time.monotonic() - start)
        return late

    async def main() -> None:
        async with RateLimiter(own_redis.url, 10, 60, timeout=1, fail_strategy="closed") as limiter:
            await limiter.allow_async("user")
            own_redis.signal(19)  # SIGSTOP: Redis takes what we send and never answers
            start = time.monotonic()
            late, answers = await asyncio.gather(
                ticks(0.8), asyncio.gather(*(limiter.allow_async(f"user {i}") for i in range(100)))
            )
            assert time.monotonic() - start < 5
            assert len(late) > 20 and not any(allowed for allowed, _ in answers)

    asyncio.run(main())


def test_limiter_is_tied_to_no_loop(redis: Redis, namespace: str) -> None:
    with RateLimiter(redis.url, 50, 86400, namespace=namespace, timeout=TIMEOUT) as limiter:
        for _ in range(5):
            assert asyncio.run(limiter.allow_async("user"))[0]
        assert limiter.allow("user")[1].remaining == 44


def test_two_loops_in_two_threads_share_a_limiter(redis: Redis, namespace: str) -> None:
    allowed: List[int] = []

    async def draw(limiter: RateLimiter) -> int:
        answers = await asyncio.gather(*(limiter.allow_async("user") for _ in range(1000)))
        return sum(allowed for allowed, _ in answers)

    with RateLimiter(redis.url, 1500, 86400, namespace=namespace, timeout=60) as limiter:
        threads = [threading.Thread(target=lambda: allowed.append(asyncio.run(draw(limiter)))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(allowed) == 2 and sum(allowed) == 1500 and all(allowed)


def test_loops_that_are_gone_leave_nothing(redis: Redis, namespace: str) -> None:
    with RateLimiter(redis.url, 1000, 86400, namespace=namespace, timeout=TIMEOUT) as limiter:
        asyncio.run(limiter.allow_async("user"))
        before = open_files()
        for _ in range(20):
            asyncio.run(limiter.allow_async("user"))
        gc.collect()
        assert open_files() <= before and len(limiter.client._queues) == 0


def test_limiters_that_are_gone_leave_the_loop(redis: Redis, namespace: str) -> None:
    async def main() -> None:
        async with RateLimiter(redis.url, 1000, 86400, namespace=namespace, timeout=TIMEOUT) as first:
            await first.allow_async("user")
        await asyncio.sleep(0.05)
        before = open_files()
        for number in range(20):
            limiter = RateLimiter(redis.url, 1000, 86400, namespace=namespace, timeout=TIMEOUT)
            await limiter.allow_async("user")
            if number % 2:
                await limiter.aclose()
            del limiter
            await asyncio.sleep(0.01)
        gc.collect()
        await asyncio.sleep(0.1)
        assert open_files() <= before

    asyncio.run(main())


def test_calls_beyond_the_queue_wait_for_their_turn(
    redis: Redis, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completions, "_CAPACITY", 64)

    async def main() -> None:
        futures = 0
        loop = asyncio.get_running_loop()
        create_future = loop.create_future

        def counted() -> Any:
            nonlocal futures
            futures += 1
            return create_future()

        loop.create_future = counted  # type: ignore[method-assign]
        async with RateLimiter(redis.url, 10**6, 86400, namespace=namespace, timeout=60) as limiter:
            many = [asyncio.ensure_future(limiter.allow_many_async(["user"] * 60)) for _ in range(5)]
            tasks = [asyncio.ensure_future(limiter.allow_async("user")) for _ in range(3000)]
            await asyncio.sleep(0)
            for task in tasks[100::2]:
                task.cancel()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            for task in many:
                assert len(await task) == 60
        assert sum(isinstance(answer, asyncio.CancelledError) for answer in answers) == 1450
        assert all(not answer[1].degraded for answer in answers if not isinstance(answer, BaseException))
        assert futures < 5 * 3300, "each waits about once: if all woke whenever there is room, it were the square"

    asyncio.run(asyncio.wait_for(main(), 60))


def test_closing_beside_loops_that_begin_is_safe(redis: Redis, namespace: str) -> None:
    """Each loop adds its queue to the client's while close goes through them."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    wrong: List[BaseException] = []

    def begin(limiter: RateLimiter) -> None:
        try:
            while True:
                asyncio.run(limiter.allow_async("user"))
        except ClosedError:
            pass
        except BaseException as error:
            wrong.append(error)

    loops = [asyncio.new_event_loop() for _ in range(100)]
    try:
        for _ in range(30):
            limiter = RateLimiter(redis.url, 10**9, 86400, namespace=namespace, timeout=TIMEOUT)
            for loop in loops:
                loop.run_until_complete(limiter.allow_async("user"))
            threads = [threading.Thread(target=begin, args=(limiter,)) for _ in range(8)]
            for thread in threads:
                thread.start()
            time.sleep(0.02)
            limiter.close()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
        for loop in loops:
            loop.close()
    assert wrong == []


def test_closing_ends_calls_under_way(own_redis: Redis) -> None:
    async def main() -> None:
        limiter = RateLimiter(own_redis.url, 10, 60, timeout=30)
        await limiter.allow_async("user")
        own_redis.signal(19)
        tasks = [asyncio.create_task(limiter.allow_async("user")) for _ in range(10)]
        await asyncio.sleep(0.1)
        limiter.close()
        results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        assert [type(result) for result in results] == [ClosedError] * 10
        with pytest.raises(ClosedError):
            await limiter.allow_async("user")

    asyncio.run(main())


def test_another_thread_may_close(own_redis: Redis) -> None:
    async def main() -> None:
        client = Client(own_redis.url, timeout=30)
        limiter = RateLimiter(client=client, rate=10, per=60)
        await limiter.allow_async("user")
        own_redis.signal(19)
        task = asyncio.create_task(limiter.allow_async("user"))
        await asyncio.sleep(0.1)
        await asyncio.get_running_loop().run_in_executor(None, client.close)
        with pytest.raises(ClosedError):
            await asyncio.wait_for(task, 10)

    asyncio.run(main())


def test_without_a_loop_there_is_a_clear_error(limiter: RateLimiter) -> None:
    call = limiter.allow_async("user")
    with pytest.raises(RuntimeError, match="event loop"):
        call.send(None)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_no_resource_is_left_open_under_dev_mode(redis: Redis, tmp_path: pathlib.Path, loop: str) -> None:
    said = run_python("-X", "dev", "-W", "error::ResourceWarning", str(HERE / "programs" / "tidy.py"), redis.url, loop)
    assert said == "done\n"
