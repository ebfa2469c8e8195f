import time

from distributed_rate_limiter import RateLimiter

limiter = RateLimiter(
    redis_url="redis://localhost:6379/0",
    rate=100,
    per=60,
    namespace="weighted",
)

start = time.monotonic()
count = 0
while True:
    allowed, info = limiter.allow("user_123", cost=5)

    if allowed:
        count += 1
        print("Remaining:", info.remaining)
    else:
        print("Retry after:", info.retry_after)
        break

dripped = int((time.monotonic() - start) / 0.6)
assert 20 <= count <= 20 + dripped / 5 and info.retry_after > 0
assert info.cost == 5 and info.limit == 100 and info.remaining < 5 and info.reset > 0 and info.allowed is False
