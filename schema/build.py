"""The schema, built once: types, scalars, caches, limits and the executor."""

import logging
from functools import cache
from typing import Final

import strawberry
from graphql import GraphQLError
from strawberry.extensions import DisableIntrospection, ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from core.errors import MediaError
from schema.execution import PlainFieldsExecutor
from schema.file import File
from schema.limits import LimitsExtension
from schema.mutation import Mutation
from schema.observed import ObservedOperation
from schema.operation import OneOperation
from schema.query import Query
from schema.rate_limits import RateLimitExtension
from schema.scalars import SCALARS

logger = logging.getLogger("media.graphql")


_EXTENSIONS: Final = [
    LimitsExtension,
    OneOperation,
    ObservedOperation,
    ParserCache,
    ValidationCache,
    RateLimitExtension,
]


class MediaSchema(strawberry.Schema):
    """The schema; it logs what is a fault of the server, and no caller's mistake."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log the errors that no caller could have avoided."""
        del execution_context  # what an operation was about may hold secrets
        for error in errors:
            cause = error.original_error
            if cause is not None and not isinstance(cause, MediaError | GraphQLError):
                logger.error("a resolver failed at %s", error.path, exc_info=cause)


@cache
def build_schema(*, introspection: bool = True) -> MediaSchema:
    """Return the executable schema; without ``introspection`` it does not describe itself."""
    return MediaSchema(
        query=Query,
        mutation=Mutation,
        types=[File],
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=PlainFieldsExecutor,
        extensions=_EXTENSIONS if introspection else [*_EXTENSIONS, DisableIntrospection],
    )


def export() -> str:
    """Return the schema in the schema definition language, as ``schema.graphql`` holds it."""
    return build_schema().as_str() + "\n"
