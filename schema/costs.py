"""What a GraphQL operation costs, once variables say how large its pages are.

A selection set is one ``Step``, after those that its ``Term``s refer to, so that one pass over the
steps gives every cost.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

UNITS: Final = 10
"""The units of cost 1: what a field with a selection costs."""

VALUES_PER_COST: Final = 10
"""How many values of one object, a begun ten counted whole, cost 1."""

DEFAULT_PAGE_SIZE: Final = 20
"""The items that a connection is taken to return when the query does not say."""

CEILING: Final = 10**9
"""Where counts stop, so that doubling fragments make no huge integers."""

_MOST: Final = CEILING * UNITS
_SHOWN_CHARACTERS: Final = 80


class Term(NamedTuple):
    """An earlier step as part of a later one: the selection of a field, or a fragment spread."""

    sizes: tuple[int | str, ...]  # of the page: numbers, and names of variables
    step: int
    field: str | None = None  # its name, with its alias; None for a spread


class Step(NamedTuple):
    """The units that a selection set costs: its own, and those of its terms."""

    own: int  # the fields that have selections
    values: int  # the values, which a fragment shares with the object it is spread in
    terms: tuple[Term, ...]


def units_of_values(count: int) -> int:
    """Return what ``count`` values of one object cost, in units."""
    return _MOST if count >= CEILING else -(-count // VALUES_PER_COST) * UNITS


def page_size(value: object) -> int:
    """Return a page size as a multiplier; null, absent and ill-typed ones give the default."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return DEFAULT_PAGE_SIZE
    return int(max(1, min(value, CEILING)))


class Costs:
    """The costs of all steps with one set of variables."""

    def __init__(self, steps: Sequence[Step], variables: Mapping[str, Any]) -> None:
        self._steps = steps
        self._variables = variables
        self._units: list[int] = []
        for step in steps:
            units = step.own + sum(self._of_term(term) for term in step.terms)
            self._units.append(min(units, _MOST))

    def total(self, step: int) -> int:
        """Return the cost of an operation's root selection, rounded up; at most ``CEILING``."""
        return -(-self._whole(step) // UNITS)

    def most_expensive(self, step: int) -> str | None:
        """Return the path of the deepest field that makes up half of the operation's cost.

        Where none does, it is the root field that costs most; None without one. Names are those
        of the document: ``cover: file.previews`` has an alias.
        """
        half, times, path = self._whole(step) / 2, 1, list[str]()
        while self._steps[step].terms:
            term = max(self._steps[step].terms, key=self._with_field)
            if path and times * self._with_field(term) < half:
                break
            if term.field is not None:
                path.append(term.field)
            times = min(times * self._size(term), _MOST)
            step = term.step
        return _shown(".".join(path)) if path else None

    def _whole(self, step: int) -> int:
        return min(self._units[step] + self._steps[step].values, _MOST)

    def _with_field(self, term: Term) -> int:
        return self._of_term(term) + (0 if term.field is None else UNITS)

    def _of_term(self, term: Term) -> int:
        inner = self._units[term.step] if term.field is None else self._whole(term.step)
        return self._size(term) * inner

    def _size(self, term: Term) -> int:
        return sum(
            page_size(self._variables.get(size)) if isinstance(size, str) else size
            for size in term.sizes
        )


def _shown(path: str) -> str:
    return path if len(path) <= _SHOWN_CHARACTERS else f"{path[:_SHOWN_CHARACTERS]}…"
