"""The client: one I/O thread and its connection to one Redis deployment, shared by any number of limiters."""

from __future__ import annotations

import asyncio
import os
import weakref
from typing import Any, Optional, TypedDict, Union

from . import _native
from .arguments import Seconds, one_of, optional_count, optional_microseconds, pack_options, switch
from .closing import Closing
from .completions import CompletionQueue
from .credentials import AskCredentials, Keeper
from .stats import Stats
from .status import Status

Path = Union[str, "os.PathLike[str]", None]

# Those of include/drl/client.h.
_CERT_REQS = {"required": 0, "none": 1}
_SENTINEL_SSL = {None: 0, True: 1, False: 2}


class ClientOptions(TypedDict, total=False):
    """The keywords of Client, as types."""

    timeout: Optional[Seconds]
    connect_timeout: Optional[Seconds]
    client_name: Optional[str]
    username: Optional[str]
    password: Optional[str]
    credentials: Optional[AskCredentials]
    identity_secret: Union[str, bytes, None]
    queue_capacity_max: Optional[int]
    spin: bool
    drive: bool
    requests_per_command_max: Optional[int]
    ssl_ca_certs: Path
    ssl_certfile: Path
    ssl_keyfile: Path
    ssl_cert_reqs: str
    ssl_check_hostname: bool
    sentinel_username: Optional[str]
    sentinel_password: Optional[str]
    sentinel_ssl: Optional[bool]
    sentinel_ssl_ca_certs: Path
    sentinel_ssl_certfile: Path
    sentinel_ssl_keyfile: Path


class Client(Closing):
    """A connection to Redis that limiters share: ``RateLimiter(client=client, rate=100, per=60)``.

    Redis need not be reachable: until it is, decisions are degraded. Any thread and any event loop may use it, and a forked child
    gets a connection of its own. A client that nobody refers to any more closes itself.

    redis_url: see RateLimiter; its parameters are db and, by their names here, most of these options, such as "?timeout=250ms"
    timeout: the deadline of a call, from queueing to reply; 0.001 to 3600 seconds, default 0.1
    connect_timeout: for connecting and logging in; 0.001 to 3600 seconds, default 1
    client_name: shown by CLIENT LIST; 1 to 64 printable ASCII characters without spaces, default "libdrl"
    username, password: instead of those of the URL
    credentials: a function that gives them, instead: see Credentials
    identity_secret: key for HMAC-SHA-256 of identities instead of SHA-256; 16 to 1024 bytes
    queue_capacity_max: requests waiting or in flight, 64 to 1048576, default 16384; further ones are answered at once by the fail strategy
    spin: whether waiting threads spin briefly before they sleep, where that is found to pay
    drive: whether a thread that waits alone does the I/O thread's work for its own call
    requests_per_command_max: decisions that travel in one command, 1 to 64, default 64; 1 for a proxy that shards keys over single servers

    With rediss:// (files are PEM, read now, to find mistakes, and again for each connection):

    ssl_ca_certs: a file of certificates to trust, with revocation lists if there are any, or a directory of them by hash (openssl
        rehash); default: the system's
    ssl_certfile, ssl_keyfile: the client's certificate and its chain, and its key, not encrypted; default: none, and in ssl_certfile
    ssl_cert_reqs: "required", or "none", which verifies nothing about the server; that is logged
    ssl_check_hostname: whether the certificate must be one of that server's name or address; False is logged

    With redis+sentinel:// and rediss+sentinel:// (user and password above, and those of the URL, are the master's):

    sentinel_username, sentinel_password: of the sentinels
    sentinel_ssl: whether connections to the sentinels are encrypted; default: as the URL's scheme says of the master
    sentinel_ssl_ca_certs, sentinel_ssl_certfile, sentinel_ssl_keyfile: where they differ from ssl_*

    Raises ValueError (InvalidArgumentError) or TypeError, with the argument's name.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        timeout: Optional[Seconds] = None,
        connect_timeout: Optional[Seconds] = None,
        client_name: Optional[str] = None,
        username: Optional[str] = None,
        password: Optional[str] = None,
        credentials: Optional[AskCredentials] = None,
        identity_secret: Union[str, bytes, None] = None,
        queue_capacity_max: Optional[int] = None,
        spin: bool = True,
        drive: bool = True,
        requests_per_command_max: Optional[int] = None,
        ssl_ca_certs: Path = None,
        ssl_certfile: Path = None,
        ssl_keyfile: Path = None,
        ssl_cert_reqs: str = "required",
        ssl_check_hostname: bool = True,
        sentinel_username: Optional[str] = None,
        sentinel_password: Optional[str] = None,
        sentinel_ssl: Optional[bool] = None,
        sentinel_ssl_ca_certs: Path = None,
        sentinel_ssl_certfile: Path = None,
        sentinel_ssl_keyfile: Path = None,
    ) -> None:
        self._handle: Any = None
        self._keeper: Optional[Keeper] = None
        self._queues: weakref.WeakValueDictionary[int, CompletionQueue] = weakref.WeakValueDictionary()
        if not isinstance(redis_url, str):
            raise TypeError(f"redis_url must be str, not {type(redis_url).__name__}")
        if not isinstance(sentinel_ssl, (bool, type(None))):
            raise TypeError(f"sentinel_ssl must be bool or None, not {type(sentinel_ssl).__name__}")
        numbers = {
            "timeout_us": optional_microseconds("timeout", timeout),
            "connect_timeout_us": optional_microseconds("connect_timeout", connect_timeout),
            "queue_capacity_max": optional_count("queue_capacity_max", queue_capacity_max, Status.OPTION),
            "spin": switch("spin", spin),
            "drive": switch("drive", drive),
            "requests_per_command_max": optional_count("requests_per_command_max", requests_per_command_max, Status.OPTION),
            "ssl_cert_reqs": one_of("ssl_cert_reqs", ssl_cert_reqs, _CERT_REQS, Status.OPTION),
            "ssl_check_hostname": switch("ssl_check_hostname", ssl_check_hostname),
            "sentinel_ssl": _SENTINEL_SSL[sentinel_ssl],
        }
        texts = {
            "redis_url": redis_url,
            "client_name": client_name,
            "username": username,
            "password": password,
            "ssl_ca_certs": _fspath(ssl_ca_certs),
            "ssl_certfile": _fspath(ssl_certfile),
            "ssl_keyfile": _fspath(ssl_keyfile),
            "sentinel_username": sentinel_username,
            "sentinel_password": sentinel_password,
            "sentinel_ssl_ca_certs": _fspath(sentinel_ssl_ca_certs),
            "sentinel_ssl_certfile": _fspath(sentinel_ssl_certfile),
            "sentinel_ssl_keyfile": _fspath(sentinel_ssl_keyfile),
        }
        packed = pack_options(numbers, texts, identity_secret)
        if credentials is not None:
            self._keeper = Keeper(credentials)
        self._handle = _native.client_open(packed, self._keeper and self._keeper.mailbox)

    @property
    def closed(self) -> bool:
        """Whether close was called."""
        return self._handle is None

    def stats(self) -> Stats:
        """The counters of this client, since it was opened or this process forked."""
        return Stats._of(_native.stats(self._handle))

    def metrics(self) -> str:
        """The counters as Prometheus text exposition (version 0.0.4), decisions by namespace and limiter name."""
        return _native.metrics(self._handle)

    def close(self) -> None:
        """Close the connection. Calls under way end with ClosedError, in every thread and loop. Closing twice is fine."""
        self._handle = None  # the last reference closes it: a call that runs in another thread keeps its own
        if self._keeper is not None:
            self._keeper.stop()
        for reference in self._queues.valuerefs():  # a list, made at once: other threads may add theirs meanwhile
            queue = reference()
            if queue is not None:
                queue.close_from_any_thread()

    def _queue(self) -> CompletionQueue:
        """The queue of the running event loop. Only this loop's thread looks for it, so nothing is locked."""
        loop = asyncio.get_running_loop()
        queue = self._queues.get(id(loop))
        if queue is None or queue.loop is not loop:
            queue = self._queues[id(loop)] = CompletionQueue(self._handle, loop)
        return queue

    def __del__(self) -> None:
        if getattr(self, "_handle", None) is not None:
            self.close()


def _fspath(path: Path) -> Optional[str]:
    return os.fspath(path) if isinstance(path, os.PathLike) else path
