"""Cancelled calls: no wrong answer for anybody else, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import resource

import pytest
from conftest import TIMEOUT, Redis

from distributed_rate_limiter import RateLimiter

LIMIT = 10**9


async def settled(limiter: RateLimiter) -> None:
    """Waits until nothing of the running loop is under way."""
    queue = limiter.client._queue()
    for _ in range(1000):
        if queue._held == 0 and limiter.stats().queue_depth == 0:
            break
        await asyncio.sleep(0.01)
    assert queue._held == 0 and not queue._pending and not queue._room
    assert limiter.stats().queue_depth == 0


async def ask(limiter: RateLimiter, number: int) -> int:
    """One call that can be told from all others by its identity and its cost."""
    allowed, info = await limiter.allow_async(f"user {number}", cost=number)
    assert allowed and not info.degraded and info.cost == number and info.remaining == LIMIT - number
    return number


def test_random_cancellation_10000_times_gives_no_wrong_answer(redis: Redis, namespace: str) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    dice = random.Random(seed)

    async def round_of(limiter: RateLimiter, first: int, count: int) -> int:
        tasks = [asyncio.ensure_future(ask(limiter, number)) for number in range(first, first + count)]
        victims = dice.sample(tasks, count // 2)
        for _ in range(dice.randrange(4)):
            await asyncio.sleep(0)
        if dice.random() < 0.5:
            await asyncio.sleep(dice.random() * 0.002)
        for victim in victims:
            victim.cancel()
            if dice.random() < 0.05:
                await asyncio.sleep(0)
        done = await asyncio.gather(*tasks, return_exceptions=True)
        for number, result in enumerate(done, first):
            assert result == number or (isinstance(result, asyncio.CancelledError) and tasks[number - first] in victims)
        return len(victims)

    async def main() -> None:
        async with RateLimiter(redis.url, LIMIT, 86400, namespace=namespace, timeout=60) as limiter:
            asked = cancelled = 0
            while cancelled < 10_000:
                count = dice.randrange(2, 200)
                cancelled += await round_of(limiter, asked + 1, count)
                asked += count
            await settled(limiter)
            stats = limiter.stats()
            assert stats.undecided == stats.cancelled and stats.cancelled <= cancelled

    asyncio.run(main())


def test_cancelled_call_is_not_charged_twice_nor_charges_another(redis: Redis, namespace: str) -> None:
    async def main() -> None:
        async with RateLimiter(redis.url, 1000, 86400, namespace=namespace, timeout=TIMEOUT) as limiter:
            tasks = [asyncio.ensure_future(limiter.allow_async("user")) for _ in range(500)]
            await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            served = sum(not isinstance(answer, BaseException) for answer in answers)
            await settled(limiter)
            assert 500 <= limiter.peek("user").remaining <= 1000 - served

    asyncio.run(main())


def test_memory_and_descriptors_do_not_grow(redis: Redis, namespace: str) -> None:
    async def burst(limiter: RateLimiter) -> None:
        tasks = [asyncio.ensure_future(limiter.allow_async("user")) for _ in range(200)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    async def main() -> None:
        async with RateLimiter(redis.url, LIMIT, 86400, namespace=namespace, timeout=TIMEOUT) as limiter:
            for _ in range(50):
                await burst(limiter)
            await settled(limiter)
            gc.collect()
            files, memory = len(os.listdir("/proc/self/fd")), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            for _ in range(100):
                await burst(limiter)
            await settled(limiter)
            gc.collect()
            assert len(os.listdir("/proc/self/fd")) <= files
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 8 * 1024

    asyncio.run(main())


def test_wait_for_gives_up_in_time(own_redis: Redis) -> None:
    async def main() -> None:
        async with RateLimiter(own_redis.url, 10, 60, timeout=60) as limiter:
            await limiter.allow_async("user")
            own_redis.signal(19)  # SIGSTOP
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(limiter.allow_async("user"), 0.1)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(limiter.allow_many_async(["a", "b"]), 0.1)
            own_redis.signal(18)  # SIGCONT
            await settled(limiter)
            assert (await limiter.allow_async("other"))[1].remaining == 9

    asyncio.run(main())


def test_loop_that_ends_under_calls_leaves_nothing(redis: Redis, namespace: str) -> None:
    with RateLimiter(redis.url, LIMIT, 86400, namespace=namespace, timeout=TIMEOUT) as limiter:
        files = 0
        for turn in range(10):
            loop = asyncio.new_event_loop()
            calls = [limiter.allow_async("user") for _ in range(10)]
            tasks = [loop.create_task(call) for call in calls]
            loop.call_soon(loop.stop)
            loop.run_forever()
            loop.close()  # with calls still waiting
            for task in tasks:
                task._log_destroy_pending = False  # type: ignore[attr-defined]
            del tasks, loop, calls
            gc.collect()
            if turn == 2:
                files = len(os.listdir("/proc/self/fd"))
        assert len(os.listdir("/proc/self/fd")) <= files
        assert limiter.allow("user")[0]
