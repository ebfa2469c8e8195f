from flask import Flask
from distributed_rate_limiter import RateLimiter
from distributed_rate_limiter.flask import rate_limit

app = Flask(__name__)

limiter = RateLimiter(
    redis_url="redis://localhost:6379/0",
    rate=50,
    per=60,
)

@app.route("/api")
@rate_limit(limiter, trust_proxy=True)
def my_route():
    return {"status": "ok"}
