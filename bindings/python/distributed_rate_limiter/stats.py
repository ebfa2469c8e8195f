"""What a client has done so far."""

from __future__ import annotations

import dataclasses
from typing import Any, List, Tuple

_BREAKER = ("closed", "open", "half_open")
_LATENCY_BUCKETS = 21
_BATCH_BUCKETS = 7


@dataclasses.dataclass(frozen=True)
class Stats:
    """Counters since the client was opened, or since this process was forked."""

    breaker: str  #: "closed": requests go to Redis; "open" and "half_open": they are answered at once by the fail strategy
    allowed: int  #: decisions by outcome, without peeks and resets
    denied: int
    never: int
    undecided: int  #: the sum of the next nine
    degraded_timeout: int
    degraded_connection: int  #: not connected or resolved, or the connection was lost
    degraded_auth: int  #: Redis refused the credentials, or its user lacks a permission
    degraded_redis: int  #: Redis answered with an error, or the key is not ours
    degraded_circuit_open: int
    degraded_queue_full: int
    degraded_shed: int  #: could not have met their deadline
    cancelled: int
    closed: int
    peeks: int
    resets: int
    late_replies: int  #: decisions that came after their request was given up
    expired_in_redis: int  #: decisions that reached Redis after their deadline, and were not charged
    batches: int  #: commands to Redis
    batched_decisions: int  #: decisions that they carried
    connects: int
    connect_failures: int
    queue_depth: int  #: requests waiting or in flight now
    latency_sum: float  #: seconds, of all decisions in the histogram
    latency: Tuple[int, ...]  #: decisions of Redis that took at most 8, 16, 32 ... microseconds; the last has no bound
    batch_size: Tuple[int, ...]  #: commands to Redis that carried at most 1, 2, 4 ... 64 decisions
    connected: bool  #: whether a connection is ready
    breaker_opened: int  #: times the breaker opened

    @classmethod
    def _of(cls, values: Tuple[int, ...]) -> Stats:
        """From the order of bindings/swig/drl_flat.h."""
        plain = len(values) - _LATENCY_BUCKETS - _BATCH_BUCKETS - 2
        latency = plain + _LATENCY_BUCKETS
        fields: List[Any] = [_BREAKER[values[0]], *values[1 : plain - 1], values[plain - 1] / 1e6]
        fields += [values[plain:latency], values[latency:-2], values[-2] == 1, values[-1]]
        return cls(*fields)
