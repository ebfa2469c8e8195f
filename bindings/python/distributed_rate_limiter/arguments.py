"""Arguments as Python has them, into those of the library."""

from __future__ import annotations

import datetime
import math
from typing import Dict, Optional, Union

from .errors import InvalidArgumentError
from .status import Status

Identity = Union[str, bytes, bytearray, memoryview]
Seconds = Union[int, float, datetime.timedelta]

_MICROSECOND = datetime.timedelta(microseconds=1)


def microseconds(name: str, value: Seconds, status: Status = Status.OPTION, exact: bool = False) -> int:
    """`value` in microseconds. With `exact`, a float that is no whole number of them is an error."""
    if isinstance(value, datetime.timedelta):
        return value // _MICROSECOND
    if isinstance(value, int) and not isinstance(value, bool):
        return value * 1_000_000
    if not isinstance(value, float):
        raise TypeError(f"{name} must be int, float or timedelta, not {type(value).__name__}")
    if not math.isfinite(value):
        raise InvalidArgumentError(status, f"{name} is {value}, must be finite")
    micros = round(value * 1e6)
    if exact and micros / 1e6 != value:
        raise InvalidArgumentError(status, f"{name} is {value!r}, which is no whole number of microseconds")
    return micros


def optional_microseconds(name: str, value: Optional[Seconds]) -> int:
    """`value` in microseconds, where 0 stands for the default: so nobody may ask for it."""
    if value is None:
        return 0
    micros = microseconds(name, value)
    if micros == 0:
        raise InvalidArgumentError(Status.OPTION, f"{name} is {value!r}, must be at least 0.001 seconds")
    return micros


def optional_count(name: str, value: Optional[int], status: Status) -> int:
    """`value`, where 0 stands for the default: so nobody may ask for it."""
    if value is None:
        return 0
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be int, not {type(value).__name__}")
    if value == 0:
        raise InvalidArgumentError(status, f"{name} is 0, must be at least 1")
    return value.__index__()


def one_of(name: str, value: object, choices: Dict[str, int], status: Status) -> int:
    """The number of a word."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    if value not in choices:
        words = ", ".join(repr(choice) for choice in choices)
        raise InvalidArgumentError(status, f"{name} is {value!r}, must be one of {words}")
    return choices[value]


def check_request(index: int, identity: Identity, cost: int) -> None:
    """Whether the library would take this request: for many at once, before the first is submitted."""
    if isinstance(identity, str):
        try:
            length = len(identity.encode())
        except UnicodeEncodeError:
            message = f"requests[{index}].identity holds a lone surrogate, which UTF-8 cannot express"
            raise ValueError(message) from None
    elif isinstance(identity, (bytes, bytearray, memoryview)):
        length = memoryview(identity).nbytes
    else:
        raise TypeError(f"requests[{index}].identity must be str or bytes, not {type(identity).__name__}")
    if not 1 <= length <= 65536:
        message = f"requests[{index}].identity has {length} bytes, must be 1..65536"
        raise InvalidArgumentError(Status.IDENTITY, message)
    if isinstance(cost, bool) or not hasattr(cost, "__index__"):
        raise TypeError(f"requests[{index}].cost must be int, not {type(cost).__name__}")
    if not 0 <= cost <= 10**12:
        raise InvalidArgumentError(Status.COST, f"requests[{index}].cost is {cost}, must be 0..1000000000000")
