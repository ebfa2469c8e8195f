"""The decorator for Flask."""

from __future__ import annotations

import json
from typing import Any

import flask
import pytest
from conftest import Redis

from distributed_rate_limiter import RateLimiter
from distributed_rate_limiter.flask import rate_limit


def app_with(limiter: Any, **options: Any) -> Any:
    """A client of an application with a view of each kind."""
    app = flask.Flask(__name__)

    @app.route("/")
    @rate_limit(limiter, **options)
    def view() -> Any:
        return {"remaining": flask.g.rate_limit.remaining if "rate_limit" in flask.g else None}

    @app.route("/async/<word>")
    @rate_limit(limiter, **options)
    async def view_async(word: str) -> Any:
        return {"word": word}, 201, {"X-Mine": "1"}

    @app.route("/missing")
    @rate_limit(limiter, **options)
    def missing() -> Any:
        flask.abort(404)

    return app.test_client()


def test_view_answers_with_headers(limiter: RateLimiter) -> None:
    answer = app_with(limiter).get("/")
    assert answer.status_code == 200 and answer.json == {"remaining": 9}
    assert answer.headers["RateLimit-Policy"] == '"default";q=10;w=3600' and answer.headers["RateLimit-Remaining"] == "9"


def test_refusal_is_429_with_a_problem_body(limiter: RateLimiter) -> None:
    client = app_with(limiter)
    answers = [client.get("/") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    refusal = answers[-1]
    assert refusal.content_type == "application/problem+json" and json.loads(refusal.data)["status"] == 429
    assert 300 < int(refusal.headers["Retry-After"]) <= 360 and refusal.headers["Cache-Control"] == "no-store"


def test_asynchronous_view_is_limited_alike(limiter: RateLimiter) -> None:
    client = app_with(limiter)
    answers = [client.get("/async/word") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    assert answers[0].json == {"word": "word"} and answers[0].headers["X-Mine"] == "1"
    assert answers[0].headers["RateLimit-Remaining"] == "9"


def test_answer_that_is_an_error_has_the_headers_too(limiter: RateLimiter) -> None:
    answer = app_with(limiter).get("/missing")
    assert answer.status_code == 404 and answer.headers["RateLimit-Remaining"] == "9"


def test_proxy_is_believed_only_when_trusted(limiter: RateLimiter) -> None:
    spoofed = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
    app_with(limiter).get("/", headers=spoofed)
    assert limiter.peek("127.0.0.1").remaining == 9
    app_with(limiter, trust_proxy=True).get("/", headers=spoofed)
    assert limiter.peek("203.0.113.9").remaining == 9


def test_functions_say_identity_cost_and_what_to_skip(limiter: RateLimiter) -> None:
    client = app_with(
        limiter,
        identity=lambda request: request.headers.get("X-Api-Key"),
        cost=lambda request: int(request.args.get("cost", 1)),
        skip=lambda request: "skip" in request.args,
    )
    client.get("/?cost=4", headers={"X-Api-Key": "key 1"})
    assert limiter.peek("key 1").remaining == 6
    client.get("/")
    assert limiter.peek("127.0.0.1").remaining == 9
    answer = client.get("/?skip=1")
    assert answer.json == {"remaining": None} and "RateLimit" not in answer.headers


@pytest.mark.parametrize("name", ["identity", "cost", "skip", "limiter"])
def test_asynchronous_function_needs_an_asynchronous_view(limiter: RateLimiter, name: str) -> None:
    answers = {"identity": "key 1", "cost": 4, "skip": False, "limiter": limiter}

    async def later(request: Any) -> Any:
        return answers[name]

    client = app_with(**{"limiter": limiter, name: later})
    client.application.testing = True  # hand exceptions out
    with pytest.raises(TypeError, match=f"{name} must not be an asynchronous function"):
        client.get("/")
    answer = client.get("/async/word")
    assert answer.headers["RateLimit-Remaining"] == ("6" if name == "cost" else "9")
    assert limiter.peek("key 1" if name == "identity" else "127.0.0.1").remaining < 10


def test_decorated_view_keeps_its_name(limiter: RateLimiter) -> None:
    @rate_limit(limiter)
    def my_route() -> None:
        """Mine."""

    assert my_route.__name__ == "my_route" and my_route.__doc__ == "Mine."


@pytest.mark.parametrize(("strategy", "expected"), [("open", 200), ("closed", 503), ("error", 503)])
def test_application_never_hears_that_redis_is_away(no_redis: str, strategy: str, expected: int) -> None:
    with RateLimiter(no_redis, 10, 60, fail_strategy=strategy) as limiter:
        client = app_with(limiter)
        for _ in range(10):
            answer = client.get("/")
            assert answer.status_code == expected
            if expected == 503:
                assert answer.content_type == "application/problem+json" and answer.headers["Retry-After"] == "1"
                assert "temporary-reduced-capacity" in json.loads(answer.data)["type"]


def test_wrong_options_are_named_when_decorating(redis: Redis) -> None:
    with pytest.raises(TypeError, match="limiter"):
        rate_limit(object())  # type: ignore[arg-type]
    with RateLimiter(redis.url, 1, 1) as limiter, pytest.raises(ValueError, match="hops"):
        rate_limit(limiter, trust_proxy=-1)
