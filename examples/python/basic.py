"""Five requests a minute.

python basic.py [redis_url]
"""

import sys

from distributed_rate_limiter import RateLimiter

redis_url = sys.argv[1] if len(sys.argv) > 1 else "redis://localhost:6379/0"

with RateLimiter(redis_url, rate=5, per=60) as limiter:
    for i in range(1, 8):
        allowed, info = limiter.allow("user_123")
        if info.degraded:
            print(f"request {i}: Redis did not decide ({info.cause.name}); served all the same")
        elif allowed:
            print(f"request {i}: allowed, {info.remaining} left")
        else:
            print(f"request {i}: denied, try again in {info.retry_after:.1f} s")
