"""subject.py SUBJECT WAY REDIS_URL SECONDS: takes decisions for so long, and prints how many a second.

Each subject is used as its documentation advises for many callers. What is not a decision by Redis ends the run.
"""

import asyncio
import sys
import threading
import time

RATE, PER = 1_000_000, 60
IDENTITIES = [f"user {number}" for number in range(1000)]
CONNECTIONS = 100  # of redis-py's pools: more tasks than that wait for a free one


def libdrl(url, asynchronous, spin=True):
    from distributed_rate_limiter import RateLimiter

    limiter = RateLimiter(url, RATE, PER, timeout=10, fail_strategy="error", spin=spin)
    return limiter.allow_async if asynchronous else limiter.allow


def libdrl_without_spinning(url, asynchronous):
    return libdrl(url, asynchronous, spin=False)


def original(url, asynchronous):
    from distributed_rate_limiter import RateLimiter

    limiter = RateLimiter(redis_url=url, rate=RATE, per=PER, async_mode=asynchronous)
    turn = asyncio.Semaphore(CONNECTIONS)  # its pool has 100 connections, and beyond them it lets everybody pass

    def allow(identity):
        _, info = limiter.allow(identity)
        assert info is not None, "Redis did not decide"

    async def allow_async(identity):
        async with turn:
            _, info = await limiter.allow_async(identity)
        assert info is not None, "Redis did not decide"

    return allow_async if asynchronous else allow


def limits(url, asynchronous):
    from limits import RateLimitItemPerMinute

    item = RateLimitItemPerMinute(RATE)
    if asynchronous:
        from limits.aio.storage import RedisStorage
        from limits.aio.strategies import FixedWindowRateLimiter

        storage = RedisStorage(f"async+{url}")
    else:
        from limits.storage import RedisStorage
        from limits.strategies import FixedWindowRateLimiter

        storage = RedisStorage(url)
    limiter = FixedWindowRateLimiter(storage)  # the cheapest of its strategies
    return lambda identity: limiter.hit(item, identity)


def throttled(url, asynchronous):
    if asynchronous:
        from throttled.asyncio import RateLimiterType, Throttled, store

        pool = {"max_connections": CONNECTIONS, "timeout": None}
        options = {"CONNECTION_POOL_CLASS": "redis.asyncio.BlockingConnectionPool", "CONNECTION_POOL_KWARGS": pool}
    else:
        from throttled import RateLimiterType, Throttled, store

        options = {}
    backend = store.RedisStore(server=url, options=options)
    quota = f"{RATE}/m burst {RATE}"
    limiter = Throttled(using=RateLimiterType.TOKEN_BUCKET.value, quota=quota, store=backend)
    return lambda identity: limiter.limit(identity, cost=1)


def pyrate(url, asynchronous):
    from pyrate_limiter import Duration, Limiter, Rate, RedisStateStore, StateBucket

    if asynchronous:
        from redis.asyncio import BlockingConnectionPool, Redis

        redis = Redis(connection_pool=BlockingConnectionPool.from_url(url, max_connections=CONNECTIONS, timeout=None))
    else:
        from redis import Redis

        redis = Redis.from_url(url)
    limiters = {}

    def limiter_of(identity):
        if identity not in limiters:
            store = RedisStateStore(redis, f"pyrate:{identity}")
            limiters[identity] = Limiter(StateBucket([Rate(RATE, Duration.MINUTE)], store=store))
        return limiters[identity]

    if asynchronous:
        return lambda identity: limiter_of(identity).try_acquire_async(identity, blocking=False)
    return lambda identity: limiter_of(identity).try_acquire(identity, blocking=False)


SUBJECTS = {
    "libdrl": libdrl,
    "libdrl spin=False": libdrl_without_spinning,
    "distributed-rate-limiter": original,
    "limits": limits,
    "throttled-py": throttled,
    "pyrate-limiter": pyrate,
}


def in_threads(allow, count, seconds):
    """Decisions a second of so many threads."""
    done = [0] * count
    ready = threading.Barrier(count + 1)
    stop = threading.Event()

    def call(number):
        mine, at = 0, number * 17
        ready.wait()
        while not stop.is_set():
            allow(IDENTITIES[(at + mine) % 1000])
            mine += 1
        done[number] = mine

    threads = [threading.Thread(target=call, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    ready.wait()
    start = time.perf_counter()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - start)


async def in_tasks(make, url, count, seconds):
    """Decisions a second of so many tasks."""
    allow = make(url, True)
    total = 0
    end = 0.0

    async def call(number):
        nonlocal total
        at = number
        while time.perf_counter() < end:
            await allow(IDENTITIES[at % 1000])
            total += 1
            at += 1

    end = time.perf_counter() + 0.5  # connections are made meanwhile
    await asyncio.gather(*(call(number) for number in range(count)))
    total = 0
    start = time.perf_counter()
    end = start + seconds
    await asyncio.gather(*(call(number) for number in range(count)))
    return total / (time.perf_counter() - start)


def main():
    name, way, url, seconds = sys.argv[1:]
    make = SUBJECTS[name]
    if way == "1,000 tasks":
        rate = asyncio.run(in_tasks(make, url, 1000, float(seconds)))
    else:
        allow = make(url, False)
        for identity in IDENTITIES[:10]:
            allow(identity)
        rate = in_threads(allow, int(way.split()[0]), float(seconds))
    print(rate)


main()
