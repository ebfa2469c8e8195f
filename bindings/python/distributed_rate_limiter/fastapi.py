"""Middleware for FastAPI, Starlette and every other ASGI application.

    app.add_middleware(FastAPIRateLimiter, limiter=limiter, trust_proxy=True)

A request that is refused is answered with 429, or with 503 when it is refused because Redis did not decide, and with a problem body
(RFC 9457). Every answer has the RateLimit headers. Whatever is not HTTP, such as WebSocket and lifespan, passes untouched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Awaitable, Callable, List, MutableMapping, Tuple

from .http import PROBLEM_CONTENT_TYPE, Gate, GateOptions, Limiters
from .info import RateLimitInfo

if TYPE_CHECKING:
    from typing_extensions import Unpack

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_TEST_CLIENT = "testclient"  # what Starlette's TestClient has for an address


class FastAPIRateLimiter:
    """Pure ASGI: it wraps the application, and nothing of a request or an answer is held back.

    The keywords are those of Gate: trust_proxy, identity, cost, skip, forwarded_header, headers ... The functions get a
    starlette.requests.Request, or the ASGI scope where Starlette is not installed. The decision is request.scope["rate_limit"].
    """

    def __init__(self, app: App, limiter: Limiters, **options: Unpack[GateOptions]) -> None:
        self.app = app
        self._gate = Gate(limiter, lower_case=True, **options)  # as HTTP/2 wants them
        self._header = self._gate.header.encode("ascii")
        self._request = _request_type() if self._gate.asks_user else _scope_itself

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        info = await self._gate.check_async(self._request(scope), lambda: self._address(scope))
        if info is None:
            await self.app(scope, receive, send)
            return
        scope["rate_limit"] = info
        lines = [(name.encode("ascii"), value.encode("ascii")) for name, value in self._gate.header_lines(info)]
        if info.allowed:
            await self.app(scope, receive, _with_headers(send, lines))
        else:
            await _refuse(send, info, lines)

    def _address(self, scope: Scope) -> str:
        lines = [value for name, value in scope["headers"] if name == self._header] if self._header else []
        return self._gate.resolver.resolve(_peer(scope), lines)


def _peer(scope: Scope) -> str:
    """The address of the socket's other end. A server on a local socket has a path and no port, and its clients have no address; a
    test client, in the same process, is no less local."""
    client, server = scope.get("client"), scope.get("server")
    host = client[0] if client else ""
    if host == _TEST_CLIENT or (not host and server and server[1] is None):
        return "unix:"
    return str(host or "")


def _with_headers(send: Send, lines: List[Tuple[bytes, bytes]]) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *lines]}
        await send(message)

    return send_with_headers


async def _refuse(send: Send, info: RateLimitInfo, lines: List[Tuple[bytes, bytes]]) -> None:
    status, body = info.as_problem()
    headers = [
        (b"content-type", PROBLEM_CONTENT_TYPE.encode("ascii")),
        (b"content-length", b"%d" % len(body)),
        *lines,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _scope_itself(scope: Scope) -> Any:
    return scope


def _request_type() -> Callable[[Scope], Any]:
    try:
        from starlette.requests import Request
    except ImportError:
        return _scope_itself
    return Request


__all__: List[str] = ["FastAPIRateLimiter"]
