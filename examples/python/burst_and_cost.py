"""Two limits at once, and requests that cost more than one token; asynchronous.

An API of a model: at most 100 requests' worth of tokens saved up and 10 a second refilled, and never more than 1,000 an hour. A
request costs what it makes the server do. Both limits are charged, or neither.

python burst_and_cost.py [redis_url]
"""

import asyncio
import sys

from distributed_rate_limiter import Limit, Outcome, RateLimiter

LIMITS = [Limit(10, per=1, burst=100, name="second"), Limit(1000, per=3600, name="hour")]
REQUESTS = [
    ("a lookup", 1),
    ("a summary", 25),
    ("a report", 70),
    ("another report", 70),
    ("a look at it", 0),
    ("the whole library", 500),
]


def show(what, info):
    name = LIMITS[info.binding].name
    answer = {
        Outcome.ALLOWED: f'{info.remaining} left by the limit "{name}"',
        Outcome.DENIED: f'by the limit "{name}", enough in {info.retry_after:.1f} s',
        Outcome.NEVER: f'the limit "{name}" holds {info.limit} at most',
        Outcome.UNDECIDED: str(info.cause),
    }
    print(f"{what:22} cost {info.cost:4}  {info.outcome.value:9} {answer[info.outcome]}")


async def main(redis_url):
    async with RateLimiter(redis_url, limits=LIMITS, namespace="example", fail_strategy="closed") as limiter:
        for what, cost in REQUESTS:
            allowed, info = await limiter.allow_async("user_123", cost)
            show(what, info)
        await limiter.reset_async("user_123")
        print("after a reset:", (await limiter.peek_async("user_123")).remaining)


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "redis://localhost:6379/0"))
