"""What is noted of a request while it is served, for logs, metrics, traces and the audit."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(slots=True)
class Observation:
    """One request: its ids, and what those who serve it find out about it.

    ``trace_id`` and ``span_id`` are those of a distributed trace (W3C Trace Context) where there is
    one. ``operation`` takes few values, fit to count by; of a GraphQL document ``root_fields`` tell
    more, and ``document_name`` is what the client calls it. ``account_id`` is None for nobody,
    ``code`` that of the first error.
    """

    request_id: str
    trace_id: str | None = None
    span_id: str | None = None
    operation: str | None = None
    root_fields: tuple[str, ...] = ()
    document_name: str | None = None
    account_id: str | None = None
    code: str | None = None


OBSERVATION: Final[ContextVar[Observation | None]] = ContextVar("observation", default=None)
"""The request that the current task works for; None outside of any."""


def request_id() -> str | None:
    """Return the id of the request that the current task works for."""
    found = OBSERVATION.get()
    return None if found is None else found.request_id


def note_account(account_id: str | None) -> None:
    """Note who asks."""
    found = OBSERVATION.get()
    if found is not None:
        found.account_id = account_id


def note_code(code: str) -> None:
    """Note an error's code; the first one counts."""
    found = OBSERVATION.get()
    if found is not None and found.code is None:
        found.code = code
