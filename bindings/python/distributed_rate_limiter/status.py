"""Status codes, the same in every language of the library."""

from __future__ import annotations

import enum


class Status(enum.IntEnum):
    """Why a call failed, or why Redis did not decide.

    1..99: the call was wrong. 100..199: Redis did not decide. 200..299: something was closed, or the system lacks a resource.
    The text of a RateLimiterError says more.
    """

    OK = 0
    NULL = 1
    STRUCT_SIZE = 2
    HANDLE = 3
    IDENTITY = 4
    COST = 5
    RATE = 6
    PER = 7
    BURST = 8
    LIMITS = 9
    NAMESPACE = 10
    NAME = 11
    FAIL_STRATEGY = 12
    URL = 13
    URL_SCHEME = 14
    URL_PARAMETER = 15
    URL_PORT = 16
    URL_DATABASE = 17
    OPTION = 18
    UNSUPPORTED = 19
    BUFFER = 20
    CAPACITY = 21
    DUPLICATE_ID = 22
    UNKNOWN_ID = 23
    ADDRESS = 24
    REENTRANT = 25
    TIMEOUT = 100
    CONNECT = 101
    RESOLVE = 102
    AUTH = 103
    PERMISSION = 104
    CONNECTION_LOST = 105
    PROTOCOL = 106
    REDIS = 107
    LOADING = 108
    READONLY = 109
    OOM = 110
    BUSY = 111
    KEY_TYPE = 112
    CIRCUIT_OPEN = 113
    QUEUE_FULL = 114
    SHED = 115
    CLOCK = 116
    CLOSED = 200
    CANCELLED = 201
    COMPLETIONS_FULL = 202
    MEMORY = 203
    SYSTEM = 204
    INTERNAL = 205
