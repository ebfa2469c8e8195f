"""Client addresses, and what the middlewares share. Headers, problem bodies and addresses come from the library: all its languages
answer alike."""

from __future__ import annotations

import inspect
from typing import Any, Awaitable, Callable, Iterable, List, Optional, Sequence, Tuple, Union

from . import _native
from .arguments import Identity, one_of, optional_count
from .errors import UndecidedError
from .info import RateLimitInfo, header_style
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
Limiters = Union[RateLimiter, Callable[[Any], RateLimiter]]
IdentityOf = Callable[[Any], Union[Optional[Identity], Awaitable[Optional[Identity]]]]
CostOf = Union[int, Callable[[Any], Union[int, Awaitable[int]]]]
SkipOf = Callable[[Any], Union[bool, Awaitable[bool]]]


class Gate:
    """Limits requests of any framework. The frameworks' modules say what a request is, and how it is answered.

    limiter: a RateLimiter, or a function of the request that returns one
    trust_proxy: whose word about the client's address is taken: see AddressResolver.for_proxy
    identity: function of the request: who sent it. None or "" stands for the client's address, and so does leaving it out
    cost: tokens that a request takes, or a function of the request
    skip: function of the request: True lets it pass unasked
    forwarded_header: "x-forwarded-for" or "forwarded"
    headers, x_reset, retry_jitter: see RateLimitInfo.header_lines
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
        x_reset: str = "delta",
        retry_jitter: float = 0.0,
    ) -> None:
        if not isinstance(limiter, RateLimiter) and not callable(limiter):
            raise TypeError(f"limiter must be RateLimiter or a function, not {type(limiter).__name__}")
        self.resolver = AddressResolver.for_proxy(
            trust_proxy, header=forwarded_header, ipv4_prefix_len=ipv4_prefix_len, ipv6_prefix_len=ipv6_prefix_len
        )
        self.header = self.resolver.header
        header_style(headers)
        self._limiter = limiter
        self._identity = _function("identity", identity)
        self._cost: Any = cost if isinstance(cost, int) else _function("cost", cost)
        self._skip = _function("skip", skip)
        self._headers = tuple((headers,) if isinstance(headers, str) else headers)
        self._x_reset = x_reset
        self._retry_jitter = retry_jitter
        self.asks_user = callable(cost) or not isinstance(limiter, RateLimiter) or bool(identity or skip)

    def check(self, request: Any, address: Callable[[], str]) -> Optional[RateLimitInfo]:
        """The decision on a request; None when it is skipped."""
        if self._skip and self._skip(request):
            return None
        identity = self._identity(request) if self._identity else None
        cost = self._cost(request) if callable(self._cost) else self._cost
        limiter = self._choose(request)
        try:
            return limiter.allow(identity or address(), cost)[1]
        except UndecidedError as error:  # fail strategy "error": Redis is away, which is not the application's fault
            return limiter.undecided(error.status, cost)

    async def check_async(self, request: Any, address: Callable[[], str]) -> Optional[RateLimitInfo]:
        """check, for functions that may be asynchronous."""
        if self._skip and await _settled(self._skip(request)):
            return None
        identity = await _settled(self._identity(request)) if self._identity else None
        cost = await _settled(self._cost(request)) if callable(self._cost) else self._cost
        limiter = self._choose(request)
        try:
            return (await limiter.allow_async(identity or address(), cost))[1]
        except UndecidedError as error:
            return limiter.undecided(error.status, cost)

    def header_lines(self, info: RateLimitInfo, lower_case: bool = False) -> List[Tuple[str, str]]:
        """The headers of an answer."""
        return info.header_lines(
            styles=self._headers, x_reset=self._x_reset, lower_case=lower_case, retry_jitter=self._retry_jitter
        )

    def _choose(self, request: Any) -> RateLimiter:
        return self._limiter if isinstance(self._limiter, RateLimiter) else self._limiter(request)


def _function(name: str, value: Any) -> Any:
    if value is not None and not callable(value):
        raise TypeError(f"{name} must be a function of the request, not {type(value).__name__}")
    return value


async def _settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
