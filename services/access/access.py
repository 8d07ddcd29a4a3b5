"""Access to files: the policy is asked, and what is to be audited is recorded, in one step."""

from enum import StrEnum

from auth.policy import Operation, Policy
from auth.viewer import Viewer
from core.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from models.database import Transaction
from models.file import StoredFile
from services.access.audit import Audit


class Refusal(StrEnum):
    """Why a caller may not do something to one file of many."""

    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"


class Access:
    """Lets callers do what the policy allows, on record where it says so."""

    def __init__(self, policy: Policy, audit: Audit) -> None:
        self.policy = policy
        self.audit = audit

    async def allow(
        self,
        viewer: Viewer,
        operation: Operation,
        file: StoredFile | None,
        transaction: Transaction | None = None,
    ) -> StoredFile:
        """Return ``file`` if ``viewer`` may do ``operation`` to it; None stands for a missing one.

        Raises:
            UnauthenticatedError, NotFoundError, ForbiddenError: As ``Policy.authorize``.
            UnavailableError, StorageFullError: It could not be recorded.
        """
        allowed = self.policy.authorize(viewer, operation, file)
        await self.audit.record(viewer, operation, [allowed], transaction)
        return allowed

    def refusal(
        self, viewer: Viewer, operation: Operation, file: StoredFile | None
    ) -> Refusal | None:
        """Return why ``viewer`` may not do ``operation`` to ``file``, None if it is allowed."""
        try:
            self.policy.authorize(viewer, operation, file)
        except (NotFoundError, UnauthenticatedError):
            return Refusal.NOT_FOUND
        except ForbiddenError:
            return Refusal.FORBIDDEN
        return None
