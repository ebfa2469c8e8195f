import asyncio
import time

from distributed_rate_limiter import RateLimiter

limiter = RateLimiter(
    redis_url="redis://localhost:6379/0",
    rate=1000,
    per=60,
    async_mode=True,
)


async def main():
    allowed, info = await limiter.allow_async("user_async", cost=2)
    assert allowed and info.remaining == 998 and info.limit == 1000 and info.cost == 2
    start = time.monotonic()
    answers = await asyncio.gather(*(limiter.allow_async("user_async", cost=2) for _ in range(520)))
    print("allowed:", sum(allowed for allowed, info in answers))
    dripped = (time.monotonic() - start) / 0.06 + 1
    assert 499 <= sum(allowed for allowed, info in answers) <= 499 + dripped
    assert all(info.retry_after > 0 for allowed, info in answers if not allowed)


asyncio.run(main())
