"""Every error of eightk, on one page.

::

    EightkError
    ├── ConfigError           the settings cannot be used; holds every Fault found
    ├── ReadError             bytes are not what they should be
    │   ├── NotASubmission    not an EDGAR submission, nor a main document
    │   ├── TruncatedError    a submission that stops in the middle
    │   └── TooLargeError     larger than the limit set for it
    ├── EdgarError            EDGAR did not give what was asked for
    │   ├── NotListedYet      listed, but the document is not served yet
    │   └── BlockedError      a block page: every request must pause
    ├── HandlerError          a handler raised; its cause is kept
    │   ├── HandlerTimeout    a filing took longer than its time limit
    │   └── HandlerCrash      a filing killed its worker process
    ├── StoreError            the store cannot do it
    │   ├── StoreLocked       another process owns the store
    │   ├── UnknownFiling     no such accession in the store
    │   ├── UnknownDelivery   no such delivery in the store
    │   ├── EndpointDisabled  nothing is sent to an endpoint until it is enabled again
    │   └── AheadOfStore      a reader of alerts is further than the store: it read another one
    ├── DeliveryError         one attempt to tell an endpoint failed
    ├── NotAllowed            a URL or an address that may not be dialled
    ├── ListenError           the address that something is to be served at cannot be had
    └── SignatureError        a signed message is not what its sender signed, or too old

    Skip (not an error)       a handler's decision to end a filing's route

This module imports the standard library only, so that everyone may import it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "AheadOfStore",
    "BlockedError",
    "ConfigError",
    "DeliveryError",
    "EdgarError",
    "EightkError",
    "EndpointDisabled",
    "Fault",
    "HandlerCrash",
    "HandlerError",
    "HandlerTimeout",
    "ListenError",
    "NotASubmission",
    "NotAllowed",
    "NotListedYet",
    "ReadError",
    "SignatureError",
    "Skip",
    "StoreError",
    "StoreLocked",
    "TooLargeError",
    "TruncatedError",
    "UnknownDelivery",
    "UnknownFiling",
]


class Skip(Exception):  # noqa: N818  # a decision, not an error
    """Raised by a handler to end this filing's route on purpose, with the reason as its text."""


class EightkError(Exception):
    """Base of every error that eightk raises."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the settings: where it stands, what it is, and the remedy."""

    where: str  # a file, or a file with line and column
    key: str  # the setting's full name, such as ``endpoint.desk.url``; "" for a whole file
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        key = f" {self.key}:" if self.key else ""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{self.where}:{key} {self.problem}{remedy}"


class ConfigError(EightkError):
    """Raised when the settings cannot be used. ``faults`` holds all that was found, at once."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[tuple[Fault, ...]]]:
        return ConfigError, (self.faults,)


class ReadError(EightkError):
    """Raised when bytes cannot be read as what they should be."""


class NotASubmission(ReadError):  # noqa: N818
    """Raised when bytes are neither a full submission nor a main document of a filing."""


class TruncatedError(ReadError):
    """Raised when a submission stops before its own end mark."""


class TooLargeError(ReadError):
    """Raised when something is larger than the limit set for it."""


class EdgarError(EightkError):
    """Raised when EDGAR did not give what was asked for. ``status`` is the HTTP status, if one came."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class NotListedYet(EdgarError):  # noqa: N818
    """Raised when a file is listed, or due, but not served yet; trying again makes sense."""


class OutageError(EdgarError):
    """Raised when EDGAR cannot be reached, or says that it is unavailable: no fault of what was asked for."""


class BlockedError(EdgarError):
    """Raised when EDGAR answers with a block page; every request pauses."""


class HandlerError(EightkError):
    """Raised when a handler failed on a filing. Its text names the handler and the cause."""


class HandlerTimeout(HandlerError):  # noqa: N818
    """Raised when handling one filing took longer than its time limit; its worker was killed."""


class HandlerCrash(HandlerError):  # noqa: N818
    """Raised when the worker process died while handling one filing."""


class StoreError(EightkError):
    """Raised when the store cannot do what was asked."""


class StoreLocked(StoreError):  # noqa: N818
    """Raised when another process owns the store."""


class UnknownFiling(StoreError):  # noqa: N818
    """Raised when the store holds no filing of this accession number."""


class UnknownDelivery(StoreError):  # noqa: N818
    """Raised when the store holds no delivery of this id."""


class EndpointDisabled(StoreError):  # noqa: N818
    """Raised when something is to be sent to an endpoint that is disabled."""


class AheadOfStore(StoreError):  # noqa: N818
    """Raised when alerts are asked for after a sequence that the store has not come to."""


class DeliveryError(EightkError):
    """Raised by a notifier when one attempt failed; says whether trying again makes sense.

    ``status`` is the HTTP status if one came; ``retry_after_seconds`` what the receiver asked for; ``body``
    the beginning of the receiver's answer; ``address`` what was dialled, if anything was. ``timed_out``: it did not
    answer in time. ``disables``: the receiver wants nothing more; ``aborts``: no more of this message.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        status: int | None = None,
        retry_after_seconds: float | None = None,
        body: str = "",
        address: str | None = None,
        timed_out: bool = False,
        disables: bool = False,
        aborts: bool = False,
    ) -> None:
        self.permanent = permanent
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        self.body = body
        self.address = address
        self.timed_out = timed_out
        self.disables = disables
        self.aborts = aborts
        super().__init__(message)


class NotAllowed(EightkError):  # noqa: N818
    """Raised when a URL or an address may not be dialled. Its text never names an address inside."""


class ListenError(EightkError):
    """Raised when the address that something is to be served at cannot be had: it is in use, say."""


class SignatureError(EightkError):
    """Raised when a message's signature is bad or missing, or when it was signed too long ago."""
