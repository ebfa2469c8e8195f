from fastapi import FastAPI
from distributed_rate_limiter import RateLimiter
from distributed_rate_limiter.fastapi import FastAPIRateLimiter

limiter = RateLimiter(
    redis_url="redis://localhost:6379/0",
    rate=100,
    per=60,
)

app = FastAPI()
app.add_middleware(FastAPIRateLimiter, limiter=limiter, trust_proxy=True)


@app.get("/api")
async def api():
    return {"status": "ok"}
