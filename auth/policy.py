"""May they? The access matrix, once, for every transport.

| who           | own | other's private        | other's shared   | public      | upload |
|---------------|-----|------------------------|------------------|-------------|--------|
| anonymous     | -   | unauthenticated        | unauthenticated  | read        | no     |
| guest, user   | all | not found              | read             | read        | yes    |
| administrator | all | read, delete, share    | all              | all         | yes    |

What is shared by name (``granted_to``) its account may read, whatever the visibility says. What an
administrator does to others' files that are not public is audited.

An API key that may only read gets of its account what is read; all else is refused to it before
anything is said of the file.

A signed address (``auth.signing``) is judged by itself, whoever brings it: what it names, and
nothing else.

``Policy(guests_read_shared=False)`` makes shared files private towards guests.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from auth.viewer import Viewer
from core.errors import (
    ForbiddenError,
    InsufficientScopeError,
    NotFoundError,
    UnauthenticatedError,
)
from models.file import Visibility
from models.user import UserKind

SIGN_IN = "Sign in first: send an Authorization header with a bearer token."
NO_SUCH_FILE = "There is no such file."


class Operation(StrEnum):
    """What can be done to a file."""

    READ = "read"
    LIST = "list"
    UPDATE = "update"
    DELETE = "delete"
    SIGN_LINKS = "sign links to"
    REVOKE_LINKS = "revoke links to"
    SHARE = "share"
    UNSHARE = "stop sharing"
    SEE_SHARES = "see the shares of"


_READINGS: Final = frozenset({Operation.READ, Operation.LIST})
_CHANGE_NOTHING: Final = _READINGS | {Operation.SEE_SHARES}
_ADMINISTRATORS: Final = frozenset(
    {Operation.DELETE, Operation.SHARE, Operation.UNSHARE, Operation.SEE_SHARES}
)
"""What an administrator may do to a foreign private file, besides reading it."""


class Owned(Protocol):
    """What the policy needs to know of a file."""

    @property
    def id(self) -> str: ...  # noqa: D102 - an identifier
    @property
    def owner_id(self) -> str: ...  # noqa: D102 - an identifier
    @property
    def visibility(self) -> Visibility: ...  # noqa: D102 - see Visibility
    @property
    def granted_to(self) -> str | None: ...  # noqa: D102 - an account that it is shared with


File = TypeVar("File", bound=Owned)


@dataclass(frozen=True, slots=True)
class Policy:
    """Decides by caller, operation and file alone."""

    guests_read_shared: bool = True

    def authorize(self, viewer: Viewer, operation: Operation, file: File | None) -> File:
        """Return ``file`` if ``viewer`` may do ``operation`` to it; None stands for a missing one.

        Raises:
            UnauthenticatedError: Nobody is signed in, and signing in might help.
            NotFoundError: The file is missing, or hidden from this caller: the same message.
            ForbiddenError: The caller may read the file but not do this to it.
            InsufficientScopeError: The caller's API key may only read.
        """
        if operation not in _CHANGE_NOTHING:
            self.require_writing(viewer)
        if file is None or not self.can_read(viewer, file):
            raise self._hidden(viewer)
        if operation in _READINGS or file.owner_id == viewer.id:
            return file
        if viewer.is_anonymous:
            raise UnauthenticatedError(SIGN_IN)
        if not self._administers(viewer, operation, file):
            raise ForbiddenError(f"Only the owner of this file may {operation} it.")
        return file

    @staticmethod
    def is_audited(viewer: Viewer, operation: Operation, file: Owned) -> bool:
        """Tell whether it is to be on record that ``viewer`` did ``operation`` to ``file``.

        That is what administrators do with files of others, except to read what is public.
        """
        foreign = viewer.is_administrator and file.owner_id != viewer.id
        return foreign and not (operation in _READINGS and file.visibility is Visibility.PUBLIC)

    def can_read(self, viewer: Viewer, file: Owned) -> bool:
        """Tell whether ``file`` exists as far as ``viewer`` may know."""
        return (
            file.visibility is Visibility.PUBLIC
            or (file.owner_id == viewer.id)
            or viewer.is_administrator
            or (file.granted_to is not None and file.granted_to == viewer.id)
            or (file.visibility is Visibility.SHARED and self.reads_shared(viewer))
        )

    @staticmethod
    def sees_shares(viewer: Viewer, file: Owned) -> bool:
        """Tell whether ``viewer`` may know whom ``file`` is shared with."""
        return viewer.is_administrator or file.owner_id == viewer.id

    def reads_shared(self, viewer: Viewer) -> bool:
        """Tell whether ``viewer`` belongs to the audience of shared files."""
        if viewer.kind is UserKind.GUEST:
            return self.guests_read_shared
        return not viewer.is_anonymous

    @staticmethod
    def require_account(viewer: Viewer) -> str:
        """Return the account id of ``viewer``, or raise ``UnauthenticatedError``."""
        if viewer.id is None:
            raise UnauthenticatedError(SIGN_IN)
        return viewer.id

    @classmethod
    def require_known(cls, viewer: Viewer) -> str:
        """Return the account id of ``viewer`` if it may name others by their e-mail addresses.

        Whoever may finds out who has an account here; guests cost nothing and answer for nothing.

        Raises:
            UnauthenticatedError: Nobody is signed in.
            ForbiddenError: The caller is a guest.
        """
        account_id = cls.require_account(viewer)
        if viewer.kind is UserKind.GUEST:
            raise ForbiddenError("Guests name accounts by their ids; sign in to name addresses.")
        return account_id

    @staticmethod
    def knows_owner(viewer: Viewer, file: Owned) -> bool:
        """Tell whether ``viewer`` may know the name and the e-mail address of a file's owner.

        That is whom the owner has named, the owner, and administrators.
        """
        named = file.granted_to is not None and file.granted_to == viewer.id
        return named or viewer.is_administrator or file.owner_id == viewer.id

    @staticmethod
    def require_writing(viewer: Viewer) -> None:
        """Return unless the caller came with an API key that may only read.

        Raises:
            InsufficientScopeError: It did.
        """
        if viewer.read_only:
            raise InsufficientScopeError("This API key may only read; use one of scope write.")

    @classmethod
    def require_writer(cls, viewer: Viewer) -> str:
        """Return the account id of ``viewer`` if it may change what is its own.

        Raises:
            UnauthenticatedError, InsufficientScopeError: As above.
        """
        cls.require_writing(viewer)
        return cls.require_account(viewer)

    @staticmethod
    def _hidden(viewer: Viewer) -> UnauthenticatedError | NotFoundError:
        if viewer.is_anonymous:
            return UnauthenticatedError(SIGN_IN)
        return NotFoundError(NO_SUCH_FILE)

    @staticmethod
    def _administers(viewer: Viewer, operation: Operation, file: Owned) -> bool:
        of_any_file = operation in _ADMINISTRATORS
        return viewer.is_administrator and (
            of_any_file or file.visibility is not Visibility.PRIVATE
        )
