"""Programs that make the calls that were promised to users, as they stand: only the address of Redis is ours."""

from __future__ import annotations

import concurrent.futures
import json
import pathlib
import sys
import time
from typing import Any

import pytest
from conftest import HERE, Redis, free_port, run_python, with_redis_url

SEED = HERE / "seed"


@pytest.mark.parametrize("program", ["quick_start.py", "weighted.py", "asynchronous.py"])
def test_program_runs_and_finds_what_it_expects(program: str, own_redis: Redis, tmp_path: pathlib.Path) -> None:
    # 100 tokens in 60 s drip one in 0.6 s: on a machine that is slower than that, the exact counts need a longer deadline only.
    copy = with_redis_url(SEED / program, own_redis.url, tmp_path)
    said = run_python("-X", "dev", str(copy))
    assert "Warning" not in said


def test_fastapi_under_uvicorn_refuses_after_the_burst(own_redis: Redis, tmp_path: pathlib.Path, serve: Any) -> None:
    with_redis_url(SEED / "fastapi_app.py", own_redis.url, tmp_path)
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "fastapi_app:app", "--port", str(port), "--no-proxy-headers"]
    server = serve(command, port)
    user = {"X-Forwarded-For": "203.0.113.7"}
    status, headers, body = server.get("/api", user)
    assert status == 200 and json.loads(body) == {"status": "ok"}
    assert headers["ratelimit-limit"] == "100" and headers["ratelimit-remaining"] == "99"
    assert headers["ratelimit-policy"] == '"default";q=100;w=60'
    statuses = [server.get("/api", user)[0] for _ in range(110)]
    assert statuses[:99] == [200] * 99 and 429 in statuses
    status, headers, body = server.get("/api", {"X-Forwarded-For": "spoofed, 198.51.100.99, 203.0.113.7"})
    if status == 200:  # a token has dripped in
        status, headers, body = server.get("/api", user)
    assert status == 429 and int(headers["retry-after"]) >= 1
    assert headers["content-type"] == "application/problem+json" and json.loads(body)["status"] == 429
    assert server.get("/api", {"X-Forwarded-For": "203.0.113.8"})[0] == 200


def test_flask_under_gunicorn_is_exact_over_preforked_workers(
    own_redis: Redis, tmp_path: pathlib.Path, serve: Any
) -> None:
    with_redis_url(SEED / "flask_app.py", own_redis.url, tmp_path)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "4", "--bind", f"127.0.0.1:{port}", "flask_app:app"]
    server = serve(command, port)
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: server.get("/api")[0], range(200)))
    dripped = int((time.monotonic() - start) / 1.2)  # 50 tokens in 60 s
    assert set(statuses) == {200, 429}
    assert 50 <= statuses.count(200) <= 50 + dripped
    assert own_redis.ask(b"CLIENT LIST\r\n").count(b"name=libdrl") >= 2, "only one worker served"
