"""Who is asking."""

from dataclasses import dataclass

from models.user import UserKind


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller of a request: an account, or nobody (``id`` and ``kind`` are None)."""

    id: str | None
    kind: UserKind | None

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is signed in."""
        return self.id is None

    @property
    def is_administrator(self) -> bool:
        """Whether the caller administers this server."""
        return self.kind is UserKind.ADMINISTRATOR


ANONYMOUS = Viewer(None, None)
