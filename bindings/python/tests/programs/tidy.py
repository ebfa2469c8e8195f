"""REDIS_URL asyncio|uvloop: loops, threads, cancelled calls, limiters closed and forgotten. Says "done" and nothing else."""

import asyncio
import gc
import sys
import threading

from distributed_rate_limiter import Client, RateLimiter

url, kind = sys.argv[1:]


def new_loop():
    if kind == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def run(main):
    loop = new_loop()
    loop.slow_callback_duration = 60  # how busy the machine is, is not what this is about
    try:
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def use(limiter):
    await asyncio.gather(*(limiter.allow_async("user") for _ in range(100)))
    task = asyncio.ensure_future(limiter.allow_async("user"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await limiter.allow_many_async(["a", "b"])


async def managed():
    async with Client(url, timeout=10) as client:
        async with RateLimiter(client=client, rate=10, per=60) as limiter:
            await use(limiter)


shared = RateLimiter(url, 100, 60, timeout=10)
run(managed())
for _ in range(3):
    run(use(shared))
threads = [threading.Thread(target=lambda: run(use(shared))) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
run(use(RateLimiter(url, 100, 60, timeout=10)))
shared.close()
left_open = RateLimiter(url, 100, 60, timeout=10)
run(use(left_open))
gc.collect()
print("done")
