"""A decorator for the routes of Flask.

    @app.route("/api")
    @rate_limit(limiter, trust_proxy=True)
    def my_route():
        return {"status": "ok"}

A request that is refused is answered with 429, or with 503 when it is refused because Redis did not decide, and with a problem body
(RFC 9457). Every answer has the RateLimit headers.
"""

from __future__ import annotations

import functools
import inspect
import socket
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

from flask import Response, after_this_request, g, request

from .http import PROBLEM_CONTENT_TYPE, Gate, GateOptions, Limiters
from .info import RateLimitInfo

if TYPE_CHECKING:
    from typing_extensions import Unpack

View = TypeVar("View", bound=Callable[..., Any])


def rate_limit(limiter: Limiters, **options: Unpack[GateOptions]) -> Callable[[View], View]:
    """Limits a view, also an asynchronous one. It goes below the route.

    The keywords are those of distributed_rate_limiter.http.Gate: trust_proxy, identity, cost, skip, forwarded_header, headers ... The
    functions get flask.request; above an asynchronous view they may be asynchronous too. The decision is flask.g.rate_limit.
    """
    gate = Gate(limiter, **options)

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def limited(*args: Any, **kwargs: Any) -> Any:
            refusal = _refusal(gate, gate.check(request, lambda: _address(gate)))
            return view(*args, **kwargs) if refusal is None else refusal

        @functools.wraps(view)
        async def limited_async(*args: Any, **kwargs: Any) -> Any:
            refusal = _refusal(gate, await gate.check_async(request, lambda: _address(gate)))
            return await view(*args, **kwargs) if refusal is None else refusal

        return limited_async if inspect.iscoroutinefunction(view) else limited  # type: ignore[return-value]

    return decorate


def _refusal(gate: Gate, info: Optional[RateLimitInfo]) -> Optional[Response]:
    """The answer to a request that is refused; None where the view answers. Either has the headers."""
    if info is None:
        return None
    g.rate_limit = info
    after_this_request(functools.partial(_add_headers, gate, info))
    if info.allowed:
        return None
    status, body = info.as_problem()
    return Response(body, status=status, content_type=PROBLEM_CONTENT_TYPE)


def _add_headers(gate: Gate, info: RateLimitInfo, response: Response) -> Response:
    for name, value in gate.header_lines(info):
        response.headers.add(name, value)
    return response


def _address(gate: Gate) -> str:
    line = request.headers.get(gate.header) if gate.header else None  # the server has joined the lines by commas
    return gate.resolver.resolve(_peer(), [] if line is None else [line])


def _peer() -> str:
    """The address of the socket's other end. Behind a local socket gunicorn says nothing."""
    peer = request.environ.get("REMOTE_ADDR") or ""
    if not peer:
        connection = request.environ.get("gunicorn.socket")
        if connection is not None and connection.family == socket.AF_UNIX:
            return "unix:"
    return str(peer)


__all__ = ["rate_limit"]
