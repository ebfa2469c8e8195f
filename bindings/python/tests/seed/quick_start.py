import time

from distributed_rate_limiter import RateLimiter

limiter = RateLimiter(
    redis_url="redis://localhost:6379/0",
    rate=100,
    per=60,
)

start = time.monotonic()
count = 0
while True:
    allowed, info = limiter.allow("user_123")

    if not allowed:
        print("Retry after:", info.retry_after)
        break
    count += 1

dripped = int((time.monotonic() - start) / 0.6)  # on a slow machine
print("allowed:", count)
assert 100 <= count <= 100 + dripped and info.retry_after > 0
headers = info.as_headers()
assert headers["RateLimit-Limit"] == "100" and headers["RateLimit-Remaining"] == "0"
assert int(headers["RateLimit-Reset"]) > 0 and int(headers["Retry-After"]) > 0
