"""The answer to one request."""

from __future__ import annotations

import dataclasses
import enum
import math
from typing import Any, Dict, Iterable, List, NoReturn, Optional, Sequence, Tuple

from . import _native
from .arguments import Seconds, microseconds, one_of
from .errors import InvalidArgumentError
from .status import Status

# Positions in a decision, and behind them those in each of its limits: bindings/swig/drl_flat.h.
_ALLOWED, _OUTCOME, _CAUSE, _CHARGED, _FLAGS, _BINDING = range(6)
_LIMIT, _REMAINING, _COST, _RETRY_AFTER_US, _RESET_AFTER_US, _DECIDED_AT_US, _WAIT_US, _LIMITS_COUNT = range(6, 14)
_LIMITS = 14
_LIMIT_RATE, _LIMIT_PER_US, _LIMIT_BURST, _LIMIT_REMAINING, _LIMIT_RESET_AFTER_US = range(5)
_LIMIT_LEN = 5

_DEGRADED = 1  # a flag: include/drl/decision.h

# How many of which headers: include/drl/http.h.
_STYLES = {"draft": 1, "legacy": 2, "x": 4, "cache_control": 8, "cors": 16}
_X_RESETS = {"delta": 0, "epoch": 1}


class Outcome(str, enum.Enum):
    """How a request was decided."""

    ALLOWED = "allowed"  #: Redis charged the cost, or, for cost 0, looked.
    DENIED = "denied"  #: Too few tokens now.
    NEVER = "never"  #: The cost is above what the bucket ever holds: no wait will help.
    UNDECIDED = "undecided"  #: Redis did not decide: the fail strategy did.


_OUTCOMES = (None, Outcome.ALLOWED, Outcome.DENIED, Outcome.NEVER, Outcome.UNDECIDED)
_CHARGES = (False, True, None)
_JITTER_MAX_US = 86_400_000_000

HeaderOptions = Tuple[int, int, int, int]


def header_options(
    styles: Iterable[str] = (), x_reset: str = "delta", lower_case: bool = False, retry_jitter: Seconds = 0.0
) -> HeaderOptions:
    """The keywords of RateLimitInfo.header_lines as the library wants them."""
    bits = 0  # the library's default
    for style in (styles,) if isinstance(styles, str) else styles:
        bits |= one_of("styles", style, _STYLES, Status.OPTION)
    jitter = microseconds("retry_jitter", retry_jitter)
    if not 0 <= jitter <= _JITTER_MAX_US:
        raise InvalidArgumentError(Status.OPTION, f"retry_jitter is {retry_jitter!r}, must be 0..86400 seconds")
    return bits, one_of("x_reset", x_reset, _X_RESETS, Status.OPTION), 1 if lower_case else 0, jitter


@dataclasses.dataclass(frozen=True)
class LimitState:
    """A limit in force, and its bucket after a decision. What the limiter calls it is ``limiter.limits[i].name``."""

    rate: int  #: tokens per ``per``
    per: float  #: seconds
    burst: int  #: tokens that the bucket holds at most
    remaining: int  #: whole tokens left
    reset: float  #: seconds until the bucket is full again


def undecided_values(cause: int, cost: int, limits: Sequence[int]) -> Tuple[int, ...]:
    """The refusal that Redis did not decide, as a RateLimitInfo holds it. limits: rate, microseconds and burst (0: rate) of each."""
    states: List[int] = []
    for rate, per_us, burst in zip(limits[0::3], limits[1::3], limits[2::3]):
        states += (rate, per_us, burst or rate, 0, 0)
    undecided, unknown = _OUTCOMES.index(Outcome.UNDECIDED), _CHARGES.index(None)
    limit = states[_LIMIT_BURST]
    return (0, undecided, cause, unknown, _DEGRADED, 0, limit, 0, cost, 0, 0, 0, 0, len(limits) // 3, *states)


class RateLimitInfo:
    """One decision. It cannot be changed; times are seconds, as float.

    With several limits, ``limit``, ``remaining`` and ``reset`` are those of the binding one: the one that denies for longest, or
    else the one with the fewest tokens left; ``limits`` has them all. When ``degraded`` is true, Redis was not heard, and only
    ``allowed``, ``cost``, ``limit``, ``cause`` and, of each of ``limits``, ``rate``, ``per`` and ``burst`` mean something.
    """

    __slots__ = ("_limiter", "_values")
    _values: Tuple[int, ...]
    _limiter: Any  # the handle, for the headers

    def __init__(self, values: Tuple[int, ...], limiter: Any = None) -> None:
        _set_values(self, values)
        _set_limiter(self, limiter)

    @property
    def allowed(self) -> bool:
        """Whether to serve the request."""
        return self._values[_ALLOWED] == 1

    @property
    def limit(self) -> int:
        """Tokens that the bucket holds at most."""
        return self._values[_LIMIT]

    @property
    def remaining(self) -> int:
        """Whole tokens left after this decision."""
        return self._values[_REMAINING]

    @property
    def cost(self) -> int:
        """Tokens asked for."""
        return self._values[_COST]

    @property
    def retry_after(self) -> float:
        """Seconds until the same request would be allowed: 0.0 if it was, ``math.inf`` if it never will be."""
        micros = self._values[_RETRY_AFTER_US]
        return math.inf if micros < 0 else micros / 1e6

    @property
    def reset(self) -> float:
        """Seconds until the bucket is full again."""
        return self._values[_RESET_AFTER_US] / 1e6

    @property
    def outcome(self) -> Outcome:
        """How it was decided."""
        outcome = _OUTCOMES[self._values[_OUTCOME]]
        assert outcome is not None
        return outcome

    @property
    def degraded(self) -> bool:
        """Whether Redis was not heard."""
        return self._values[_FLAGS] & _DEGRADED != 0

    @property
    def cause(self) -> Optional[Status]:
        """Why Redis did not decide; None when it did."""
        cause = self._values[_CAUSE]
        return Status(cause) if cause else None

    @property
    def charged(self) -> Optional[bool]:
        """Whether the cost was taken. None: unknown, because the answer was lost."""
        return _CHARGES[self._values[_CHARGED]]

    @property
    def binding(self) -> int:
        """Index of the binding limit in ``limits``, from 0."""
        return self._values[_BINDING]

    @property
    def limits(self) -> Tuple[LimitState, ...]:
        """The limits in force, in the order of the limiter, and what is left of each. Made anew each time."""
        values = self._values
        return tuple(
            LimitState(
                rate=values[at + _LIMIT_RATE],
                per=values[at + _LIMIT_PER_US] / 1e6,
                burst=values[at + _LIMIT_BURST],
                remaining=values[at + _LIMIT_REMAINING],
                reset=values[at + _LIMIT_RESET_AFTER_US] / 1e6,
            )
            for at in range(_LIMITS, len(values), _LIMIT_LEN)
        )

    @property
    def decided_at(self) -> Optional[float]:
        """When it was decided, by the clock of Redis, as time.time() would say; None when Redis did not decide."""
        micros = self._values[_DECIDED_AT_US]
        return micros / 1e6 if micros else None

    def as_headers(
        self, *, styles: Iterable[str] = (), x_reset: str = "delta", lower_case: bool = False
    ) -> Dict[str, str]:
        """The HTTP headers of this decision: ``RateLimit-Policy``, ``RateLimit``, ``RateLimit-Limit``, ``-Remaining``, ``-Reset``,
        and ``Retry-After`` where waiting helps.

        styles: one or several of "draft" and "legacy" (both, if none is named), "x" (``X-RateLimit-*``), "cache_control" (no-store on a
            refusal) and "cors" (lets scripts of other origins read them)
        x_reset: ``X-RateLimit-Reset`` in seconds from now ("delta") or since 1970 ("epoch")
        lower_case: names in lower case
        """
        return dict(self.header_lines(styles=styles, x_reset=x_reset, lower_case=lower_case))

    def header_lines(
        self, *, styles: Iterable[str] = (), x_reset: str = "delta", lower_case: bool = False, retry_jitter: Seconds = 0.0
    ) -> List[Tuple[str, str]]:
        """as_headers, as a list of name and value in the order in which to send them.

        retry_jitter: ``Retry-After`` grows at random by up to so many seconds, so that the refused do not return together
        """
        return self._lines(header_options(styles, x_reset, lower_case, retry_jitter))

    def _lines(self, options: HeaderOptions) -> List[Tuple[str, str]]:
        if self._limiter is None:
            raise ValueError("headers need the limiter: this information was copied from another process")
        lines = []
        for line in _native.headers(self._limiter, self._values, *options).splitlines():
            name, _, value = line.partition(": ")
            lines.append((name, value))
        return lines

    def as_problem(self) -> Tuple[int, bytes]:
        """The HTTP status that refuses the request, 429 or 503, and the body to send as ``application/problem+json`` (RFC 9457);
        200 and an empty body if it was allowed."""
        if self._limiter is None:
            raise ValueError("a problem body needs the limiter: this information was copied from another process")
        status, body = _native.problem(self._limiter, self._values)
        return status, body

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"RateLimitInfo cannot be changed: {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"RateLimitInfo cannot be changed: {name}")

    def __eq__(self, other: object) -> bool:
        return self._values == other._values if isinstance(other, RateLimitInfo) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values)

    def __repr__(self) -> str:
        shown = ("allowed", "limit", "remaining", "reset", "cost", "retry_after", "outcome", "cause")
        values = ((name, getattr(self, name)) for name in shown)
        return "RateLimitInfo(%s)" % ", ".join(
            f"{name}={value.value!r}" if isinstance(value, Outcome) else f"{name}={value!r}" for name, value in values
        )

    def __reduce__(self) -> Tuple[Any, ...]:
        return RateLimitInfo, (self._values,)


_set_values = RateLimitInfo.__dict__["_values"].__set__
_set_limiter = RateLimitInfo.__dict__["_limiter"].__set__
