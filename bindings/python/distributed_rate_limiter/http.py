"""Client addresses, and what the middlewares share. Headers, problem bodies and addresses come from the library: all its languages
answer alike."""

from __future__ import annotations

import inspect
from typing import Any, Awaitable, Callable, Iterable, List, Optional, Sequence, Tuple, TypedDict, Union

from . import _native
from .arguments import Identity, Seconds, check_cost, one_of, optional_count
from .errors import UndecidedError
from .info import RateLimitInfo, header_options
from .limiter import RateLimiter
from .status import Status

PROBLEM_CONTENT_TYPE = "application/problem+json"

TrustProxy = Union[bool, int, str, Sequence[str]]
Lines = Sequence[Union[str, bytes]]

_TRUSTS = {"none": 0, "networks": 1, "private": 2, "hops": 3}
_HEADERS = {"x-forwarded-for": 0, "forwarded": 1}


class AddressResolver:
    """Finds the address of the client behind proxies, in canonical form: "203.0.113.7", or "2001:db8:0:1::/64".

    trust: whose word is taken: "none", the peer is the client; that of proxies within "networks"; that of "private" addresses, and of
        networks where given; or that of the last "hops" proxies
    header: where proxies leave their word: "x-forwarded-for" or "forwarded"
    networks: such as ["10.0.0.0/8", "2001:db8::/32"]; "unix:" is the peer on a local socket
    """

    def __init__(
        self,
        trust: str = "none",
        *,
        header: str = "x-forwarded-for",
        hops: int = 0,
        networks: Sequence[str] = (),
        ipv4_prefix_len: Optional[int] = None,
        ipv6_prefix_len: Optional[int] = None,
    ) -> None:
        if isinstance(networks, str) or not all(isinstance(network, str) for network in networks):
            raise TypeError("networks must be a list of str")
        self._handle = _native.resolver_open(
            one_of("trust", trust, _TRUSTS, Status.OPTION),
            one_of("header", header, _HEADERS, Status.OPTION),
            hops,
            ",".join(networks) or None,
            optional_count("ipv4_prefix_len", ipv4_prefix_len, Status.OPTION),
            optional_count("ipv6_prefix_len", ipv6_prefix_len, Status.OPTION),
        )

    @classmethod
    def for_proxy(cls, trust_proxy: TrustProxy, **options: Any) -> AddressResolver:
        """From the short form: False trusts nobody, True every private address, a list of networks these, an int so many proxies."""
        if isinstance(trust_proxy, bool):
            return cls("private" if trust_proxy else "none", **options)
        if isinstance(trust_proxy, int):
            return cls("hops", hops=trust_proxy, **options)
        if isinstance(trust_proxy, str):
            trust_proxy = trust_proxy.replace(",", " ").split()
        if not isinstance(trust_proxy, (list, tuple, set, frozenset)):
            wanted = "bool, int or a list of networks"
            raise TypeError(f"trust_proxy must be {wanted}, not {type(trust_proxy).__name__}")
        return cls("networks", networks=list(trust_proxy), **options)

    @property
    def header(self) -> str:
        """The header whose lines resolve wants, in lower case; "" when it wants none."""
        return _native.resolver_header(self._handle)

    def resolve(self, peer: str, lines: Lines = ()) -> str:
        """The client's address. ``peer`` is the socket's; ``lines`` are the values of the header, in the order received."""
        joined = b"\n".join(line.encode("latin-1", "replace") if isinstance(line, str) else line for line in lines)
        return _native.resolve(self._handle, peer, joined)


# What a user's function may return: at once, or to be awaited where the middleware is asynchronous.
Limiters = Union[RateLimiter, Callable[[Any], Union[RateLimiter, Awaitable[RateLimiter]]]]
IdentityOf = Callable[[Any], Union[Optional[Identity], Awaitable[Optional[Identity]]]]
CostOf = Union[int, Callable[[Any], Union[int, Awaitable[int]]]]
SkipOf = Callable[[Any], Union[bool, Awaitable[bool]]]


class GateOptions(TypedDict, total=False):
    """The keywords that a Gate shares with the middlewares, as types."""

    trust_proxy: TrustProxy
    identity: Optional[IdentityOf]
    cost: CostOf
    skip: Optional[SkipOf]
    forwarded_header: str
    ipv4_prefix_len: Optional[int]
    ipv6_prefix_len: Optional[int]
    headers: Iterable[str]
    x_reset: str
    retry_jitter: Seconds


class Gate:
    """Limits requests of any framework. The frameworks' modules say what a request is, and how it is answered.

    limiter: a RateLimiter, or a function of the request that returns one
    trust_proxy: whose word about the client's address is taken: see AddressResolver.for_proxy
    identity: function of the request: who sent it. None or "" stands for the client's address, and so does leaving it out
    cost: tokens that a request takes, or a function of the request
    skip: function of the request: True lets it pass unasked
    forwarded_header: "x-forwarded-for" or "forwarded"
    ipv4_prefix_len, ipv6_prefix_len: clients that share so many bits of their address are one (default 32 and 64)
    headers, lower_case, x_reset, retry_jitter: see RateLimitInfo.header_lines, where headers are called styles

    Wrong options raise ValueError or TypeError here. What the functions return wrongly does so when a request is checked.
    """

    def __init__(
        self,
        limiter: Limiters,
        *,
        trust_proxy: TrustProxy = False,
        identity: Optional[IdentityOf] = None,
        cost: CostOf = 1,
        skip: Optional[SkipOf] = None,
        forwarded_header: str = "x-forwarded-for",
        ipv4_prefix_len: Optional[int] = None,
        ipv6_prefix_len: Optional[int] = None,
        headers: Iterable[str] = ("draft", "legacy", "cache_control"),
        lower_case: bool = False,
        x_reset: str = "delta",
        retry_jitter: Seconds = 0.0,
    ) -> None:
        given = isinstance(limiter, RateLimiter)
        if not given and not callable(limiter):
            raise TypeError(f"limiter must be RateLimiter or a function, not {type(limiter).__name__}")
        self.resolver = AddressResolver.for_proxy(
            trust_proxy, header=forwarded_header, ipv4_prefix_len=ipv4_prefix_len, ipv6_prefix_len=ipv6_prefix_len
        )
        self.header = self.resolver.header
        self._limiter: Any = limiter if given else None
        self._choose: Any = None if given else limiter
        self._identity = _function("identity", identity)
        self._cost = cost if callable(cost) else check_cost("cost", cost)
        self._skip = _function("skip", skip)
        self._headers = header_options(headers, x_reset, lower_case, retry_jitter)
        self.asks_user = any(callable(option) for option in (self._choose, cost, identity, skip))

    def check(self, request: Any, address: Callable[[], str]) -> Optional[RateLimitInfo]:
        """The decision on a request; None when it is skipped."""
        if self._skip and _at_once("skip", self._skip(request)):
            return None
        identity = _at_once("identity", self._identity(request)) if self._identity else None
        cost = _at_once("cost", self._cost(request)) if callable(self._cost) else self._cost
        limiter: RateLimiter = _at_once("limiter", self._choose(request)) if self._choose else self._limiter
        try:
            return limiter.allow(identity or address(), cost)[1]
        except UndecidedError as error:  # fail strategy "error": Redis is away, which is not the application's fault
            return limiter._undecided(error.status, cost)

    async def check_async(self, request: Any, address: Callable[[], str]) -> Optional[RateLimitInfo]:
        """check, for functions that may be asynchronous."""
        if self._skip and await _settled(self._skip(request)):
            return None
        identity = await _settled(self._identity(request)) if self._identity else None
        cost = await _settled(self._cost(request)) if callable(self._cost) else self._cost
        limiter: RateLimiter = await _settled(self._choose(request)) if self._choose else self._limiter
        try:
            return (await limiter.allow_async(identity or address(), cost))[1]
        except UndecidedError as error:
            return limiter._undecided(error.status, cost)

    def header_lines(self, info: RateLimitInfo) -> List[Tuple[str, str]]:
        """The headers of an answer."""
        return info._lines(self._headers)


def _function(name: str, value: Any) -> Any:
    if value is not None and not callable(value):
        raise TypeError(f"{name} must be a function of the request, not {type(value).__name__}")
    return value


def _at_once(name: str, value: Any) -> Any:
    """What a function returned where nobody can await it. Else a coroutine would count as true, and skip every request."""
    if inspect.isawaitable(value):
        if inspect.iscoroutine(value):
            value.close()  # it will not run, and need not warn of that
        raise TypeError(f"{name} must not be an asynchronous function here")
    return value


async def _settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
