"""An example schema and stored objects, executed by graphql-core and directly."""
# ruff: noqa: D101 - the classes below are the GraphQL types and stored objects of an example

import json
from collections.abc import Generator
from dataclasses import make_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, NewType

import strawberry
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

from schema.execution import COMPUTED, PlainFieldsExecutor

BigInt = NewType("BigInt", int)
Anything = NewType("Anything", object)
Visibility = Enum("Visibility", ["PRIVATE", "SHARED"])
Stranger = Enum("Stranger", ["PRIVATE"])


def stored(type_name: str, **defaults: object) -> Any:
    """Make a class like those of the domain, but that may hold anything, or lack an attribute."""
    attributes = [(name, Any, default) for name, default in defaults.items()]
    return make_dataclass(type_name, attributes, slots=True, repr=False)


TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LEAF_VALUES: dict[str, Any] = {"id": "file_1", "title": "a", "note": None, "tags": ("a", "b")}
LEAF_VALUES |= {"grid": ((1, 2), None), "visibility": Visibility.PRIVATE, "size": 5_000_000_000}
LEAF_VALUES |= {"width": 640, "ratio": 1.5, "pinned": True, "created_at": TIME, "guarded": "g"}
StoredFile = stored("StoredFile", **LEAF_VALUES, folder=None, twin=None, versions=(), related=())
StoredFolder = stored("StoredFolder", id="folder_1", name="inbox", files=())
StoredMarker = stored("StoredMarker", label="here")
StoredEdge = stored("StoredEdge", cursor="c", node=None)
StoredPage = stored("StoredPage", nodes=(), edges=(), picks=())


class Later:
    """An awaitable that, unlike a coroutine, can be awaited twice."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __await__(self) -> Generator[None, None, Any]:
        yield
        return self.value


class NotPinned(BasePermission):
    message = "no"

    def has_permission(self, source: Any, info: Any, **_: Any) -> bool:  # noqa: ARG002
        return getattr(source, "pinned", None) is not True


def address(context: dict[str, Any], file: Any) -> Any:
    """Return something that both have a part in."""
    return f"{len(context['asked']) * 0}/{file.title}" if file.title else file.title


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class Folder(Node):
    name: str
    files: list["File"]

    @classmethod
    async def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, StoredFolder)


@strawberry.type
class Marker:
    label: str

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, StoredMarker)


@strawberry.type
class File(Node):
    title: str
    note: Anything | None
    tags: list[str]
    grid: list[list[int] | None] | None
    visibility: strawberry.enum(Visibility)  # type: ignore[valid-type]
    size: BigInt
    width: int | None
    ratio: float | None
    pinned: bool
    created_at: datetime
    folder: Folder | None
    twin: "File | None"
    versions: list["File | None"] | None
    related: list[Node] | None
    guarded: str | None = strawberry.field(permission_classes=[NotPinned])

    @classmethod
    def is_type_of(cls, value: object, info: Any) -> bool:
        info.context["asked"].append(info.path.as_list())
        return isinstance(value, StoredFile)

    @strawberry.field(metadata={COMPUTED: address})
    def address(self, info: strawberry.Info) -> str | None:
        return address(info.context, self)

    @strawberry.field(metadata={COMPUTED: lambda *_: "wrong"}, permission_classes=[NotPinned])
    def kept(self) -> str | None:
        return "kept"

    @strawberry.field(metadata={COMPUTED: lambda *_: "wrong"})
    def suffixed(self, suffix: str = "") -> str:
        return f"kept{suffix}"

    @strawberry.field
    def named(self, suffix: str = "") -> str:
        return f"{self.title}{suffix}"

    @strawberry.field
    async def awaited(self) -> int | None:
        return await Later(self.width)  # type: ignore[no-any-return]


@strawberry.type
class Edge:
    cursor: str
    node: File


@strawberry.type
class Page:
    nodes: list[File]
    edges: list[Edge] | None
    picks: list[Annotated[File | Marker, strawberry.union("Pick")]] | None


def nodes(info: strawberry.Info, first: int = 50) -> Any:
    return getattr(info.context["page"], "nodes", None)


async def page(info: strawberry.Info) -> Any:
    return info.context["page"]


@strawberry.type
class Query:
    page: Page | None = strawberry.field(resolver=page)
    files: list[File] | None = strawberry.field(resolver=nodes)
    nodes: list[Node] | None = strawberry.field(resolver=nodes)
    counts: list[int] = strawberry.field(resolver=lambda: [1, 2])


class QuietSchema(strawberry.Schema):
    """Does not log the many errors that these tests provoke."""

    def process_errors(self, *_: object) -> None:
        return


def build(executor: type | None, **options: Any) -> strawberry.Schema:
    config = options.pop("config", StrawberryConfig())
    config.scalar_map = {
        BigInt: strawberry.scalar(name="BigInt", serialize=lambda value: value or None),
        Anything: strawberry.scalar(name="Anything", serialize=lambda value: value),
    }
    options = {"query": Query, "config": config} | options
    return QuietSchema(types=[File, Folder, Marker], execution_context_class=executor, **options)


CORE, DIRECT = build(None), build(PlainFieldsExecutor)


async def answer(
    schema: strawberry.Schema, query: str, page: Any, **variables: bool
) -> tuple[str, list[Any], list[Any]]:
    """Return the data as JSON, where the order of keys counts, the errors and the types asked."""
    context: dict[str, Any] = {"page": page, "asked": []}
    result = await schema.execute(query, variable_values=variables, context_value=context)
    errors = [(error.formatted, repr(error.original_error)) for error in result.errors or []]
    return json.dumps(result.data, default=repr), errors, context["asked"]


async def left_to_core(query: str, page: Any, **options: Any) -> list[str]:
    """Return the names of the fields that were not read directly."""
    left: list[str] = []

    class Counting(PlainFieldsExecutor):
        def execute_field(self, *args: Any) -> Any:
            left.append(args[3].key)
            return super().execute_field(*args)

    direct = await answer(build(Counting, **options), query, page)
    assert direct == await answer(build(None, **options), query, page)
    return left


LEAVES = "id title note tags grid visibility size width ratio pinned createdAt address __typename"


def plain_page() -> Any:
    edges = [StoredEdge(node=StoredFile(twin=StoredFile())) for _ in range(3)]
    return StoredPage([StoredFile() for _ in range(3)], edges, ())


def full_page() -> Any:
    file = StoredFile(
        folder=StoredFolder(files=[StoredFile()]),
        twin=StoredFile(note={"any": "thing"}, versions=[StoredFile(), None]),
        versions=(None, StoredFile(tags=[])),
        related=[StoredFile(), StoredFolder()],
    )
    files = [StoredFile(), file, StoredFile(pinned=False)]
    return StoredPage(files, [StoredEdge(node=file), StoredEdge()], (file, StoredMarker()))
