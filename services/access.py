"""Access to files: the policy is asked, and what is to be audited is recorded, in one step."""

from auth.policy import Operation, Policy
from auth.viewer import Viewer
from models.database import Transaction
from models.file import StoredFile
from services.audit import Audit


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
