"""The limiter: 1 to 8 limits that are charged all together or not at all."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Iterable, List, Optional, Sequence, Tuple

from . import _native
from .arguments import Identity, Request, Seconds, integer, microseconds, one_of, optional_count, pairs_of
from .client import Client, ClientOptions
from .closing import Closing
from .errors import InvalidArgumentError
from .info import RateLimitInfo, undecided_values
from .stats import Stats
from .status import Status

if TYPE_CHECKING:
    from typing_extensions import Unpack

_STRATEGIES = {"open": 1, "closed": 2, "error": 3}

Answer = Tuple[bool, RateLimitInfo]


@dataclasses.dataclass(frozen=True)
class Limit:
    """``rate`` tokens per ``per`` seconds, refilled continuously, at most ``burst`` of them saved up.

    rate: 1 to 10**12 tokens
    per: seconds as int, float (whole microseconds) or timedelta, up to about 35 years
    burst: 1 to 10**12 tokens; default: rate
    name: what HTTP headers call it, 1 to 64 printable ASCII characters; default: "default", or "limit-1", "limit-2" ...
    """

    rate: int
    per: Seconds
    burst: Optional[int] = None
    name: Optional[str] = None


class RateLimiter(Closing):
    """Limits on Redis, one bucket for each identity.

    Limiters with the same namespace, name and limits share their buckets, in every process and language. Other limits under the same
    namespace and name have buckets of their own, so a change of limits grants each identity at most one full burst more, once. Give each
    limiter of an application a name of its own.

    All methods may be called from any thread at once, the asynchronous ones from any event loop; processes may fork. Opening one waits for
    nothing: Redis need not be there.

    redis_url: such as "redis://[user:password@]host:port/database", "rediss://..." for TLS, "redis+sentinel://host,host/master/database",
        "rediss+sentinel://..." for TLS, or "unix:///path?db=0"
    rate, per, burst: one limit, see Limit; or limits: 1 to 8, which are charged together or not at all
    namespace: keeps the buckets of applications apart, 1 to 64 printable ASCII characters without spaces and braces
    fail_strategy: what to say when Redis does not decide: "open" serves, "closed" refuses, "error" raises UndecidedError
    async_mode: accepted for compatibility; allow and allow_async both work, whatever it says
    name: tells limiters of one namespace apart, characters as in namespace; default: none
    client: a shared one, instead of redis_url
    client_options: timeout and the other keywords of Client

    Raises ValueError (InvalidArgumentError) or TypeError, with the argument's name.
    """

    def __init__(
        self,
        redis_url: Optional[str] = None,
        rate: Optional[int] = None,
        per: Optional[Seconds] = None,
        burst: Optional[int] = None,
        namespace: str = "default",
        fail_strategy: str = "open",
        async_mode: bool = False,
        *,
        name: Optional[str] = None,
        limits: Optional[Sequence[Limit]] = None,
        client: Optional[Client] = None,
        **client_options: Unpack[ClientOptions],
    ) -> None:
        self._handle: Any = None
        if not isinstance(namespace, str):
            raise TypeError(f"namespace must be str, not {type(namespace).__name__}")
        self.limits = _limits(rate, per, burst, limits)
        self.namespace = namespace
        self.name = name
        self.fail_strategy = fail_strategy
        self.async_mode = async_mode
        strategy = one_of("fail_strategy", fail_strategy, _STRATEGIES, Status.FAIL_STRATEGY)
        self._numbers = _numbers(self.limits)
        self._owns_client = client is None
        self.client = _client(redis_url, client, client_options)
        self._handle = _native.limiter_open(
            self.client._handle, namespace, name, strategy, self._numbers, _names(self.limits)
        )

    def allow(self, identity: Identity, cost: int = 1) -> Answer:
        """Take ``cost`` tokens from the bucket of ``identity``, now or not at all.

        identity: who asks; a str counts as its UTF-8; 1 to 65536 bytes of any value
        cost: 0 to 10**12 tokens; 0 only looks

        Returns whether to serve the request, and the RateLimitInfo. Waits for ``timeout`` of the client at most (0.1 s, unless set); other
        threads run meanwhile. Raises UndecidedError if the fail strategy is "error", ClosedError, ValueError or TypeError.
        """
        handle = self._handle
        values = _native.allow(handle, identity, cost)
        return values[0] == 1, RateLimitInfo(values, handle)

    async def allow_async(self, identity: Identity, cost: int = 1) -> Answer:
        """allow, without blocking the event loop.

        Cancelling it withdraws a request that was not sent to Redis yet; one that was sent may still be charged, and disturbs no other.
        """
        handle = self._handle
        values = await self.client._queue().call(handle, identity, cost)
        return values[0] == 1, RateLimitInfo(values, handle)

    def peek(self, identity: Identity) -> RateLimitInfo:
        """Look at the bucket and take nothing: allow with cost 0."""
        return self.allow(identity, 0)[1]

    async def peek_async(self, identity: Identity) -> RateLimitInfo:
        """peek, without blocking the event loop."""
        return (await self.allow_async(identity, 0))[1]

    def reset(self, identity: Identity) -> None:
        """Forget one identity: its bucket is full again. Waits as allow does.

        Raises UndecidedError when Redis did not do it, whatever the fail strategy.
        """
        _native.reset(self._handle, identity)

    async def reset_async(self, identity: Identity) -> None:
        """reset, without blocking the event loop."""
        await self.client._queue().call(self._handle, identity, 0, reset=1)

    def allow_many(self, requests: Iterable[Request]) -> List[Answer]:
        """Decide 0 to 4096 requests, each an identity or (identity, cost), in one round trip, as allow would one after the other.

        All are checked before the first is sent: an error names the index of a wrong one. Waits as allow does.
        """
        pairs = pairs_of(requests)
        handle = self._handle
        decisions = _native.allow_many(self.client._handle, handle, pairs) if pairs else []
        return [(values[0] == 1, RateLimitInfo(values, handle)) for values in decisions]

    async def allow_many_async(self, requests: Iterable[Request]) -> List[Answer]:
        """allow_many, without blocking the event loop. Cancelling it withdraws what was not sent to Redis yet."""
        pairs = pairs_of(requests)
        handle = self._handle
        decisions = await self.client._queue().call_many(handle, pairs)
        return [(values[0] == 1, RateLimitInfo(values, handle)) for values in decisions]

    def key(self, identity: Identity) -> str:
        """The Redis key of the bucket, for operators who look into Redis: it holds no identity, only its digest. Asks nobody."""
        return _native.key(self._handle, identity)

    def stats(self) -> Stats:
        """The counters of the client, for all limiters that share it."""
        return self.client.stats()

    def metrics(self) -> str:
        """The counters of the client as Prometheus text exposition."""
        return self.client.metrics()

    def close(self) -> None:
        """Close the limiter, and its client unless that was given. Calls raise ClosedError then. Closing twice is fine."""
        self._handle = None
        if self._owns_client:
            self.client.close()

    def _undecided(self, cause: Status, cost: int = 1) -> RateLimitInfo:
        """The refusal that stands for an UndecidedError: for those who must answer a request all the same."""
        return RateLimitInfo(undecided_values(int(cause), cost, self._numbers), self._handle)

    def __repr__(self) -> str:
        return f"RateLimiter(limits={self.limits!r}, namespace={self.namespace!r}, name={self.name!r})"


def _client(redis_url: Optional[str], client: Optional[Client], options: ClientOptions) -> Client:
    if client is None:
        if redis_url is None:
            raise TypeError("redis_url is missing: give it, or a client")
        return Client(redis_url, **options)
    if redis_url is not None:
        raise TypeError("redis_url and client exclude each other")
    if options:
        raise TypeError(f"{next(iter(options))} belongs to the client, which was given")
    if not isinstance(client, Client):
        raise TypeError(f"client must be Client, not {type(client).__name__}")
    return client


def _limits(
    rate: Optional[int], per: Optional[Seconds], burst: Optional[int], limits: Optional[Sequence[Limit]]
) -> Tuple[Limit, ...]:
    if limits is None:
        if rate is None or per is None:
            raise TypeError(f"{'rate' if rate is None else 'per'} is missing")
        return (Limit(rate, per, burst),)
    if rate is not None or per is not None or burst is not None:
        raise TypeError("limits excludes rate, per and burst")
    for limit in limits:
        if not isinstance(limit, Limit):
            raise TypeError(f"limits must hold Limit, not {type(limit).__name__}")
    return tuple(limits)


def _numbers(limits: Tuple[Limit, ...]) -> List[int]:
    numbers: List[int] = []
    for index, limit in enumerate(limits):
        where = f"limits[{index}]." if len(limits) > 1 else ""
        numbers.append(integer(where + "rate", limit.rate))
        numbers.append(microseconds(where + "per", limit.per, Status.PER, exact=True))
        numbers.append(optional_count(where + "burst", limit.burst, Status.BURST))
    return numbers


def _names(limits: Tuple[Limit, ...]) -> Optional[str]:
    """The names of the limits, joined by line feeds, which none of them may hold therefore."""
    names = [limit.name or "" for limit in limits]
    for index, name in enumerate(names):
        if not isinstance(name, str):
            raise TypeError(f"limits[{index}].name must be str, not {type(name).__name__}")
        if "\n" in name:
            raise InvalidArgumentError(Status.NAME, f"limits[{index}].name holds a line feed")
    return "\n".join(names) if any(names) else None
