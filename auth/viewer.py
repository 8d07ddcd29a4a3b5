"""Who is asking."""

from dataclasses import dataclass, field

from models.user import UserKind


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller of a request: an account, or nobody (``id`` and ``kind`` are None).

    ``session_id`` names the sign-in and ``key_id`` the API key that the caller came with;
    one of ``read_only`` may change nothing.
    """

    id: str | None
    kind: UserKind | None
    read_only: bool = False
    key_id: str | None = field(default=None, compare=False)
    session_id: str | None = field(default=None, compare=False)

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is signed in."""
        return self.id is None

    @property
    def is_administrator(self) -> bool:
        """Whether the caller administers this server."""
        return self.kind is UserKind.ADMINISTRATOR


ANONYMOUS = Viewer(None, None)
