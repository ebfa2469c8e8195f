"""Distributed rate limiting on Redis.

    from distributed_rate_limiter import RateLimiter

    limiter = RateLimiter(redis_url="redis://localhost:6379/0", rate=100, per=60)
    allowed, info = limiter.allow("user_123")
    if not allowed:
        print("Retry after:", info.retry_after)

Every decision is taken inside Redis, atomically, by Redis's own clock, in one round trip. Importing the package starts nothing.
"""

from __future__ import annotations

from . import _native
from .client import Client
from .credentials import Credentials
from .errors import (
    CircuitOpenError,
    ClosedError,
    InternalError,
    InvalidArgumentError,
    OverloadError,
    RateLimiterError,
    RedisAccessError,
    RedisConnectionError,
    RedisReplyError,
    RedisTimeoutError,
    ResourceError,
    UndecidedError,
)
from .info import LimitState, Outcome, RateLimitInfo
from .limiter import Limit, RateLimiter
from .stats import Stats
from .status import Status

__version__: str = _native.version()

__all__ = [
    "CircuitOpenError",
    "Client",
    "ClosedError",
    "Credentials",
    "InternalError",
    "InvalidArgumentError",
    "Limit",
    "LimitState",
    "Outcome",
    "OverloadError",
    "RateLimitInfo",
    "RateLimiter",
    "RateLimiterError",
    "RedisAccessError",
    "RedisConnectionError",
    "RedisReplyError",
    "RedisTimeoutError",
    "ResourceError",
    "Stats",
    "Status",
    "UndecidedError",
]
