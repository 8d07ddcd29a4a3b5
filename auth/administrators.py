"""Administrators named by a setting, besides those that the ``media`` command has promoted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.account_kind import UserKind, folded_email

COLUMNS = "kind, issuer, subject, email"
"""What ``Administrators`` has to know of an account."""


@dataclass(frozen=True, slots=True)
class Administrators:
    """Those whom ``MEDIA_ADMINISTRATORS`` names by e-mail address or subject of one issuer.

    It holds as long as it says so: nothing of it is stored.
    """

    issuer: str = ""
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, issuer: str, names: Sequence[str]) -> "Administrators":
        """Return those with these names; addresses compare without regard to case."""
        return cls(issuer, frozenset(_folded(name) for name in names))

    def kind_of(self, row: Mapping[str, Any]) -> UserKind:
        """Return what an account is, given its ``COLUMNS``."""
        named = {row["subject"], row["email"]} - {None, ""}
        ours = self.issuer and row["issuer"] == self.issuer
        if ours and self.names.intersection(_folded(name) for name in named):
            return UserKind.ADMINISTRATOR
        return UserKind(row["kind"])


def _folded(name: str) -> str:
    return folded_email(name) if "@" in name else name
