"""What goes wrong, as exceptions. A denied request is no error."""

from __future__ import annotations

from typing import Dict, Type

from . import _native
from .status import Status


class RateLimiterError(Exception):
    """Base of all errors of this package. ``status`` says which one exactly."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message

    def __str__(self) -> str:
        return self.message


class InvalidArgumentError(RateLimiterError, ValueError):
    """An argument is wrong; the message names it. Nothing was sent to Redis, and no fail strategy hides it."""


class UndecidedError(RateLimiterError):
    """Redis did not decide: raised by a limiter whose fail strategy is "error", and by reset."""


class RedisTimeoutError(UndecidedError, TimeoutError):
    """Redis did not answer before the deadline."""


class RedisConnectionError(UndecidedError, ConnectionError):
    """Redis cannot be resolved or reached, or the connection was lost."""


class RedisAccessError(UndecidedError):
    """Redis refused the credentials, or its user lacks a permission."""


class RedisReplyError(UndecidedError):
    """Redis answered with an error, or with something that is not ours."""


class CircuitOpenError(UndecidedError):
    """Redis stopped answering and was not asked."""


class OverloadError(UndecidedError):
    """Too many requests are waiting."""


class ClosedError(RateLimiterError):
    """The limiter or its client is closed."""


class ResourceError(RateLimiterError):
    """The system refused memory, a thread or a descriptor, or too many asynchronous calls are under way."""


class InternalError(RateLimiterError):
    """A fault of the library."""


_TYPES: Dict[Status, Type[RateLimiterError]] = {
    Status.TIMEOUT: RedisTimeoutError,
    Status.CONNECT: RedisConnectionError,
    Status.RESOLVE: RedisConnectionError,
    Status.CONNECTION_LOST: RedisConnectionError,
    Status.AUTH: RedisAccessError,
    Status.PERMISSION: RedisAccessError,
    Status.CIRCUIT_OPEN: CircuitOpenError,
    Status.QUEUE_FULL: OverloadError,
    Status.SHED: OverloadError,
    Status.CLOSED: ClosedError,
    Status.CANCELLED: ClosedError,
    Status.INTERNAL: InternalError,
}


def error_of(code: int, message: str = "") -> RateLimiterError:
    """The exception of a status; without a message, with the general one."""
    status = Status(code)
    kind = _TYPES.get(status)
    if kind is None:
        kind = InvalidArgumentError if code < 100 else RedisReplyError if code < 200 else ResourceError
    return kind(status, message or _native.status_message(code))


_native.set_error_factory(error_of)
