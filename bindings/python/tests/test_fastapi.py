"""The ASGI middleware."""

from __future__ import annotations

import asyncio
import json
import pathlib
import sys
from typing import Any, Dict, List, Optional, Tuple

import pytest
from conftest import Redis, free_port, run_python
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.requests import Request

from distributed_rate_limiter import Limit, RateLimiter
from distributed_rate_limiter.fastapi import FastAPIRateLimiter

Answer = Tuple[int, Dict[str, str], bytes]


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """An application that knows nothing of rate limits."""
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


async def ask(
    app: Any,
    headers: Optional[List[Tuple[bytes, bytes]]] = None,
    client: Any = ("203.0.113.7", 5000),
    server: Any = None,
    method: str = "GET",
    path: str = "/",
) -> Answer:
    """What a server would send for one request."""
    sent: List[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": headers or [],
        "client": client,
        "server": server or ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    start, body = sent
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"]


def ask_times(count: int, app: Any, **options: Any) -> List[Answer]:
    async def main() -> List[Answer]:
        return [await ask(app, **options) for _ in range(count)]

    return asyncio.run(main())


def test_allowed_answers_have_the_headers_too(limiter: RateLimiter) -> None:
    status, headers, body = ask_times(1, FastAPIRateLimiter(hello, limiter=limiter))[0]
    assert (status, body) == (200, b"hello")
    assert headers["ratelimit-policy"] == '"default";q=10;w=3600' and headers["ratelimit"].startswith('"default";r=9;t=')
    assert headers["ratelimit-limit"] == "10" and headers["ratelimit-remaining"] == "9"
    assert headers["content-type"] == "text/plain" and "retry-after" not in headers


def test_refusal_is_429_with_a_problem_body(limiter: RateLimiter) -> None:
    answers = ask_times(11, FastAPIRateLimiter(hello, limiter=limiter))
    assert [status for status, _, _ in answers] == [200] * 10 + [429]
    _, headers, body = answers[-1]
    problem = json.loads(body)
    assert problem["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded" and problem["status"] == 429
    assert headers["content-type"] == "application/problem+json" and headers["content-length"] == str(len(body))
    assert 300 < int(headers["retry-after"]) <= 360 and headers["cache-control"] == "no-store"


def test_spoofed_addresses_are_not_believed(limiter: RateLimiter) -> None:
    app = FastAPIRateLimiter(hello, limiter=limiter)
    for number in range(10):
        ask_times(1, app, headers=[(b"x-forwarded-for", b"198.51.100.%d" % number)])
    assert ask_times(1, app, headers=[(b"x-forwarded-for", b"198.51.100.99")])[0][0] == 429


@pytest.mark.parametrize(
    ("trust_proxy", "client", "lines", "identity"),
    [
        (True, "10.0.0.1", [b"198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (True, "10.0.0.1", [b"198.51.100.1", b"203.0.113.9, 192.168.0.1"], "203.0.113.9"),
        (True, "198.51.100.7", [b"203.0.113.9"], "198.51.100.7"),
        (["198.51.100.0/24"], "198.51.100.7", [b"203.0.113.9"], "203.0.113.9"),
        ("198.51.100.0/24, 10.0.0.0/8", "198.51.100.7", [b"203.0.113.9"], "203.0.113.9"),
        (1, "198.51.100.7", [b"192.0.2.1, 203.0.113.9"], "203.0.113.9"),
        (2, "198.51.100.7", [b"192.0.2.1, 203.0.113.9"], "192.0.2.1"),
        (False, "10.0.0.1", [b"203.0.113.9"], "10.0.0.1"),
        (True, "2001:db8::1", [], "2001:db8::/64"),
        (True, "testclient", [b"203.0.113.9"], "203.0.113.9"),  # that of Starlette, inside the process
        (False, "testclient", [b"203.0.113.9"], "unix"),
        (True, "a-name", [b"203.0.113.9"], "unknown"),
    ],
)
def test_trusted_proxies_name_the_client(
    limiter: RateLimiter, trust_proxy: Any, client: str, lines: List[bytes], identity: str
) -> None:
    app = FastAPIRateLimiter(hello, limiter=limiter, trust_proxy=trust_proxy)
    ask_times(1, app, headers=[(b"x-forwarded-for", line) for line in lines], client=(client, 1))
    assert limiter.peek(identity).remaining == 9


def test_local_socket_is_a_trusted_proxy(limiter: RateLimiter) -> None:
    app = FastAPIRateLimiter(hello, limiter=limiter, trust_proxy=True)
    lines = [(b"x-forwarded-for", b"203.0.113.9")]
    ask_times(1, app, headers=lines, client=None, server=("/run/app.sock", None))
    assert limiter.peek("203.0.113.9").remaining == 9


def test_forwarded_is_read_when_asked_for(limiter: RateLimiter) -> None:
    app = FastAPIRateLimiter(hello, limiter=limiter, trust_proxy=True, forwarded_header="forwarded")
    lines = [(b"forwarded", b'for="[2001:db8:0:1::5]:4711";proto=https'), (b"x-forwarded-for", b"203.0.113.9")]
    ask_times(1, app, headers=lines, client=("127.0.0.1", 1))
    assert limiter.peek("2001:db8:0:1::/64").remaining == 9


@pytest.mark.parametrize("asynchronous", [False, True])
def test_functions_say_identity_cost_and_what_to_skip(limiter: RateLimiter, asynchronous: bool) -> None:
    def identity(request: Request) -> Optional[str]:
        return request.headers.get("x-api-key")

    def cost(request: Request) -> int:
        return int(request.headers.get("x-cost", "1"))

    def skip(request: Request) -> bool:
        return request.url.path == "/" and "x-skip" in request.headers

    def as_wished(function: Any) -> Any:
        async def later(request: Request) -> Any:
            await asyncio.sleep(0)
            return function(request)

        return later if asynchronous else function

    options = {"identity": as_wished(identity), "cost": as_wished(cost), "skip": as_wished(skip)}
    app = FastAPIRateLimiter(hello, limiter=limiter, **options)
    ask_times(1, app, headers=[(b"host", b"x"), (b"x-api-key", b"key 1"), (b"x-cost", b"4")])
    assert limiter.peek("key 1").remaining == 6
    ask_times(1, app, headers=[(b"host", b"x"), (b"x-api-key", b"")])
    assert limiter.peek("203.0.113.7").remaining == 9, "no identity is the address"
    status, headers, _ = ask_times(1, app, headers=[(b"host", b"x"), (b"x-skip", b"1")])[0]
    assert status == 200 and "ratelimit" not in headers


def test_policy_may_be_chosen_for_each_request(redis: Redis, limiter: RateLimiter) -> None:
    limits = [Limit(3, 3600, name="free"), Limit(5, 86400, name="day")]
    with RateLimiter(client=limiter.client, limits=limits, namespace=limiter.namespace, name="free") as free:

        def choose(request: Request) -> RateLimiter:
            return limiter if "x-paid" in request.headers else free

        async def choose_later(request: Request) -> RateLimiter:
            await asyncio.sleep(0)
            return choose(request)

        for function in (choose, choose_later):
            app = FastAPIRateLimiter(hello, limiter=function)
            assert ask_times(1, app)[0][1]["ratelimit-limit"] == "3"
            assert ask_times(1, app, headers=[(b"x-paid", b"1")])[0][1]["ratelimit-limit"] == "10"


def test_decision_is_in_the_scope(limiter: RateLimiter) -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["rate_limit"])
        await hello(scope, receive, send)

    ask_times(1, FastAPIRateLimiter(app, limiter=limiter))
    assert seen[0].remaining == 9


def test_headers_can_be_chosen(limiter: RateLimiter) -> None:
    app = FastAPIRateLimiter(hello, limiter=limiter, headers=["x"], x_reset="epoch")
    headers = ask_times(1, app)[0][1]
    assert headers["x-ratelimit-remaining"] == "9" and "ratelimit" not in headers


def test_websocket_and_lifespan_pass_untouched(limiter: RateLimiter) -> None:
    seen: List[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, receive, send))

    async def main() -> None:
        for kind in ("websocket", "lifespan", "something.new"):
            scope, receive, send = {"type": kind}, object(), object()
            await FastAPIRateLimiter(app, limiter=limiter)(scope, receive, send)  # type: ignore[arg-type]
            assert seen.pop() == (scope, receive, send) and scope == {"type": kind}

    asyncio.run(main())


def test_body_that_streams_is_not_held_back(limiter: RateLimiter) -> None:
    order: List[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        for part in (b"1", b"2"):
            order.append("app")
            await send({"type": "http.response.body", "body": part, "more_body": True})

    async def main() -> None:
        async def send(message: Any) -> None:
            order.append(message["type"])

        scope = {"type": "http", "headers": [], "client": None, "server": None}
        await FastAPIRateLimiter(app, limiter=limiter)(scope, None, send)  # type: ignore[arg-type]

    asyncio.run(main())
    assert order == ["http.response.start", "app", "http.response.body", "app", "http.response.body"]


@pytest.mark.parametrize(("strategy", "expected"), [("open", 200), ("closed", 503), ("error", 503)])
def test_application_never_hears_that_redis_is_away(no_redis: str, strategy: str, expected: int) -> None:
    with RateLimiter(no_redis, 10, 60, fail_strategy=strategy) as limiter:
        for status, headers, body in ask_times(20, FastAPIRateLimiter(hello, limiter=limiter)):
            assert status == expected and headers["ratelimit-policy"] == '"default";q=10;w=60'
            if status == 503:
                assert headers["content-type"] == "application/problem+json" and headers["retry-after"] == "1"
                problem = json.loads(body)
                assert problem["status"] == 503
                assert problem["type"] == "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"


@pytest.mark.parametrize(
    ("options", "kind", "named"),
    [
        ({"limiter": object()}, TypeError, "limiter"),
        ({"trust_proxy": 1.5}, TypeError, "trust_proxy"),
        ({"trust_proxy": ["localnet"]}, ValueError, "localnet"),
        ({"trust_proxy": 65}, ValueError, "hops"),
        ({"identity": "user"}, TypeError, "identity"),
        ({"cost": "1"}, TypeError, "cost"),
        ({"cost": True}, TypeError, "cost"),
        ({"cost": 1.0}, TypeError, "cost"),
        ({"cost": -1}, ValueError, "cost"),
        ({"cost": 10**12 + 1}, ValueError, "cost"),
        ({"x_reset": "soon"}, ValueError, "x_reset"),
        ({"retry_jitter": -1}, ValueError, "retry_jitter"),
        ({"retry_jitter": 86401}, ValueError, "retry_jitter"),
        ({"retry_jitter": "1s"}, TypeError, "retry_jitter"),
        ({"skip": True}, TypeError, "skip"),
        ({"headers": ["w3c"]}, ValueError, "styles"),
        ({"headers": [1]}, TypeError, "styles"),
        ({"forwarded_header": "via"}, ValueError, "header"),
        ({"ipv4_prefix_len": 33}, ValueError, "ipv4_prefix_len"),
        ({"nonsense": 1}, TypeError, "nonsense"),
    ],
)
def test_wrong_options_are_named_at_once(limiter: RateLimiter, options: Any, kind: Any, named: str) -> None:
    with pytest.raises(kind, match=named):
        FastAPIRateLimiter(hello, **{"limiter": limiter, **options})


def test_plain_asgi_needs_no_starlette() -> None:
    run_python(
        "-c",
        "import sys\nfor name in ('starlette', 'fastapi', 'flask'): sys.modules[name] = None\n"
        "from distributed_rate_limiter import RateLimiter\nfrom distributed_rate_limiter.fastapi import FastAPIRateLimiter\n"
        "limiter = RateLimiter('redis://127.0.0.1:1/0', 1, 1)\n"
        "FastAPIRateLimiter(object(), limiter=limiter, identity=lambda scope: scope['path'])",
    )


def test_cors_middleware_added_after_takes_preflights_and_opens_refusals(redis: Redis, namespace: str) -> None:
    app = FastAPI()
    with RateLimiter(redis.url, 1, 3600, namespace=namespace, timeout=10) as limiter:
        app.add_middleware(FastAPIRateLimiter, limiter=limiter, headers=("draft", "cors"))
        app.add_middleware(CORSMiddleware, allow_origins=["*"])
        origin = (b"origin", b"https://example.com")
        preflight = [origin, (b"access-control-request-method", b"GET")]
        statuses = [ask_times(1, app, headers=preflight, method="OPTIONS")[0][0] for _ in range(3)]
        assert statuses == [200] * 3 and limiter.stats().allowed == 0
        (first, _, _), (status, headers, _) = ask_times(2, app, headers=[origin])
        assert (first, status) == (404, 429) and headers["access-control-allow-origin"] == "*"
        assert headers["access-control-expose-headers"] == "ratelimit-policy, ratelimit, retry-after"


def test_request_is_charged_once_whatever_the_application_does(redis: Redis, limiter: RateLimiter) -> None:
    """A mounted application, an answer to HEAD, and a route that raises, each behind one middleware."""
    app, mounted = FastAPI(), FastAPI()

    @mounted.get("/")
    @app.head("/")
    async def fine() -> Dict[str, str]:
        return {}

    @app.get("/")
    async def fails() -> None:
        raise RuntimeError("mine")

    app.mount("/mounted", mounted)
    app.add_middleware(FastAPIRateLimiter, limiter=limiter)
    assert ask_times(1, app, path="/mounted/")[0][1]["ratelimit-remaining"] == "9"
    assert ask_times(1, app, method="HEAD")[0][1]["ratelimit-remaining"] == "8"
    with pytest.raises(RuntimeError, match="mine"):
        ask_times(1, app)
    assert limiter.peek("203.0.113.7").remaining == 7


APP = """
from fastapi import FastAPI, WebSocket
from distributed_rate_limiter import RateLimiter
from distributed_rate_limiter.fastapi import FastAPIRateLimiter

app = FastAPI()
limiter = RateLimiter({url!r}, 50, 86400, namespace={namespace!r}, timeout=10)
app.add_middleware(FastAPIRateLimiter, limiter=limiter, trust_proxy=True, skip=lambda request: request.url.path == "/up")


@app.get("/up")
@app.get("/")
async def root():
    return {{}}
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_uvicorn_workers_share_one_bucket(
    redis: Redis, namespace: str, tmp_path: pathlib.Path, serve: Any, loop: str
) -> None:
    (tmp_path / "served.py").write_text(APP.format(url=redis.url, namespace=namespace))
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "served:app", "--port", str(port), "--loop", loop]
    server = serve([*command, "--workers", "2", "--no-proxy-headers"], port)
    statuses = [server.get("/")[0] for _ in range(60)]
    assert statuses == [200] * 50 + [429] * 10
