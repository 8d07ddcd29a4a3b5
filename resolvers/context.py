"""What a GraphQL request carries: the application, the caller, and its data loaders."""

from dataclasses import dataclass, field
from typing import TypeAlias

from strawberry import Info

from auth.viewer import Viewer
from resolvers.budget import AnswerBudget
from resolvers.loaders import Loaders
from services.application import Application
from services.limits.rate_limits import Meter
from services.uploads.idempotency import Attempt


@dataclass(frozen=True, slots=True)
class Context:
    """One request's surroundings; ``base_url`` is what links begin with.

    ``attempt`` is its idempotency key, if files came with one; ``meter`` counts its
    operations where limits hold.
    """

    application: Application
    viewer: Viewer
    base_url: str
    loaders: Loaders
    attempt: Attempt | None = None
    meter: Meter | None = None
    budget: AnswerBudget = field(default_factory=AnswerBudget)


RequestInfo: TypeAlias = Info[Context, None]
