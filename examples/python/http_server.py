"""A FastAPI application behind the middleware: 10 requests a second for each client, 20 at once. A search costs 5; the health check is
free.

python http_server.py [redis_url [port]]
"""

import sys

import uvicorn
from fastapi import FastAPI

from distributed_rate_limiter import RateLimiter
from distributed_rate_limiter.fastapi import FastAPIRateLimiter

redis_url = sys.argv[1] if len(sys.argv) > 1 else "redis://localhost:6379/0"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 8080

app = FastAPI()
limiter = RateLimiter(redis_url, rate=10, per=1, burst=20, namespace="example")
app.add_middleware(
    FastAPIRateLimiter,
    limiter=limiter,
    cost=lambda request: 5 if request.url.path == "/search" else 1,
    skip=lambda request: request.url.path == "/healthz",
    # Behind a proxy: trust_proxy=["10.0.0.0/8"],
)


@app.get("/")
async def hello():
    return {"text": "hello"}


@app.get("/search")
async def search():
    return {"found": []}


@app.get("/healthz")
async def healthz():
    return {"status": "ok"}


# Who the client is, is the middleware's business: uvicorn is not to rewrite it.
uvicorn.run(app, host="127.0.0.1", port=port, proxy_headers=False)
