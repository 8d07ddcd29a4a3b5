"""The direct way gives what graphql-core gives, whatever is asked and whatever the objects hold."""
# ruff: noqa: D101 - the classes below are the GraphQL types and stored objects of an example

import json
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import make_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, NewType

import pytest
import strawberry
from graphql import Undefined
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import DisableValidation, SchemaExtension
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig
from strawberry.types.field import StrawberryField

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


async def test_plain_fields_never_reach_graphql_core() -> None:
    deep = f"edges {{ cursor node {{ {LEAVES} twin {{ {LEAVES} }} }} }}"
    query = f"{{ page {{ nodes {{ {LEAVES} }} {deep} }} }}"
    assert await left_to_core(query, plain_page()) == ["page"]
    assert await left_to_core(f"{{ files(first: 3) {{ {LEAVES} }} }}", plain_page()) == ["files"]
    assert await left_to_core("{ nodes { ... on File { tags } } }", plain_page()) == ["nodes"]


@pytest.mark.parametrize(
    "field",
    ["guarded", "kept", "suffixed", "named", 'named(suffix: "x")', "awaited", "related { id }"],
)
async def test_only_fields_that_are_not_plain_reach_graphql_core(field: str) -> None:
    left = await left_to_core(f"{{ files {{ id {field} title }} }}", plain_page())
    assert left == ["files"] + 3 * [field.partition("(")[0].partition(" ")[0]]


async def test_is_type_of_sees_what_graphql_core_shows_it() -> None:
    query = "{ page { nodes { id } edges { node { id twin { id } } } } files { twin { id } } }"
    *_, asked = await answer(CORE, query, plain_page())
    assert asked
    assert (await answer(DIRECT, query, plain_page()))[2] == asked


async def test_other_ways_to_resolve_an_attribute_are_left_to_graphql_core() -> None:
    class Loud(StrawberryField):
        def get_result(self, source: Any, *_: Any, **__: Any) -> Any:
            return source.name.upper()

    @strawberry.type
    class Box:
        name: str = Loud(type_annotation=StrawberryAnnotation(str))  # type: ignore[assignment]
        files: list[str]
        id: str

    @strawberry.type
    class Boxes:
        @strawberry.field
        def boxes(self) -> list[Box]:
            return [StoredFolder(files=["f"])]

    async def boxes(resolve: Callable[[Any, str], Any]) -> Any:
        config = StrawberryConfig(default_resolver=resolve)
        schema = build(PlainFieldsExecutor, query=Boxes, config=config)
        type_: Any = schema._schema.type_map["Box"]
        type_.fields["id"].resolve = lambda *_: "replaced"
        return (await schema.execute("{ boxes { name files id } }")).data

    box = {"name": "INBOX", "files": ["f"], "id": "replaced"}
    assert await boxes(getattr) == {"boxes": [box]}
    twice = await boxes(lambda source, name: 2 * getattr(source, name))
    assert twice == {"boxes": [box | {"files": ["f", "f"]}]}


async def test_middleware_gets_to_see_every_field() -> None:
    class Upper(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            value = _next(root, info, *args, **kwargs)
            return value.upper() if isinstance(value, str) else value

    left = await left_to_core("{ files { id title } }", plain_page(), extensions=[Upper])
    assert left == ["files"] + 3 * ["id", "title"]


async def test_introspection_is_graphql_cores() -> None:
    assert DIRECT.introspect() == CORE.introspect()


async def test_a_field_that_does_not_exist_is_left_out_where_nothing_validates() -> None:
    left = await left_to_core("{ files { nil id } }", plain_page(), extensions=[DisableValidation])
    assert left == ["files"] + 3 * ["nil"]


@pytest.mark.parametrize(
    "query",
    [
        "{ page { nodes { id ... @defer { title } } } }",
        "{ files { id ... @defer { title named } } }",
        "{ page { ... @defer { nodes { title } } nodes { id } edges { node { id } } } }",
        "{ page { nodes @stream(initialCount: 1) { id title } } }",
        "{ files @stream(initialCount: 1) { id title } }",
    ],
)
async def test_deferred_and_streamed_parts_come_as_from_graphql_core(query: str) -> None:
    async def frames(executor: type | None) -> list[Any]:
        config = StrawberryConfig(enable_experimental_incremental_execution=True)
        context = {"page": plain_page(), "asked": []}
        result: Any = await build(executor, config=config).execute(query, context_value=context)
        rest = [frame.formatted async for frame in result.subsequent_results]
        return [result.initial_result.formatted, *rest]

    assert await frames(PlainFieldsExecutor) == await frames(None)


MISSING = object()
ODD = [None, ValueError("odd"), 2**31, -1, 0, "text", Later("x"), Stranger.PRIVATE, MISSING]
ODD += [float("nan"), {"a"}, b"x", StoredFolder(), StoredMarker(), Later(None), [Later("y")]]
ODD += [[None], ("1", 2), (ValueError("in a list"),), deque(["a"]), Undefined, Later(StoredFile())]


def put(stored: Any, name: str, value: object) -> None:
    setattr(stored, name, value)
    if value is MISSING:
        delattr(stored, name)


async def answered_alike(query: str, page: Any, **variables: bool) -> bool:
    direct = await answer(DIRECT, query, page, **variables)
    return direct[:2] == (await answer(CORE, query, page, **variables))[:2]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
async def test_an_odd_value_anywhere_gives_what_graphql_core_gives(odd: object) -> None:
    inside = "folder { id files { id } } twin { id } versions { id } related { id }"
    file = f"awaited {LEAVES} {inside} guarded"
    for name in StoredFile.__slots__:
        page = full_page()
        put(page.nodes[1], name, odd)
        assert await answered_alike(f"{{ page {{ nodes {{ {file} }} }} }}", page)
        assert await answered_alike(f"{{ nodes {{ id ... on File {{ {file} }} }} }}", page)
    for name, edge in (("__typename", odd), ("node { __typename }", StoredEdge(node=odd))):
        page = full_page()
        page.edges = page.nodes = (StoredFile(), edge)
        query = f"{{ page {{ edges {{ {name} }} nodes {{ __typename }} }} }}"
        assert await answered_alike(query, page)


FILE = dict.fromkeys([*LEAVES.split(), "guarded", "named", "awaited", "...Names"], "")
FILE |= {'shout: named(suffix: "x")': "", "... on Node": "Node", "...": "File"}
FILE |= {"folder": "Folder", "twin": "File", "versions": "File", "related": "Node"}
SELECTABLE = {
    "Query": {"page": "Page", "files": "File", "counts": "", "nodes": "Node"},
    "Page": {"nodes": "File", "edges": "Edge", "picks": "Pick", "__typename": ""},
    "Edge": {"cursor": "", "node": "File"},
    "Folder": {"id": "", "name": "", "files": "File"},
    "Marker": {"label": "", "__typename": ""},
    "File": FILE,
    "Node": {"id": "", "__typename": "", "... on File": "File", "... on Folder": "Folder"},
    "Pick": {"__typename": "", "... on File": "File", "... on Marker": "Marker"},
}
DIRECTIVES = ["", "", "", "@include(if: $yes)", "@skip(if: $yes)", "@skip(if: true)"]


@st.composite
def selections(draw: st.DrawFn, of_type: str, depth: int) -> str:
    """Generate the inside of a selection set; aliases are such that no two conflict."""
    chosen = []
    for name in draw(st.lists(st.sampled_from(list(SELECTABLE[of_type])), min_size=1, max_size=4)):
        inner = SELECTABLE[of_type][name]
        bare = ":" in name or name.startswith("...") or draw(st.booleans())
        text = f"{name if bare else f'a_{name}: {name}'} {draw(st.sampled_from(DIRECTIVES))}"
        if inner and depth:
            chosen.append(f"{text} {{ {draw(selections(inner, depth - 1))} }}")
        elif not inner:
            chosen.append(text)
    return " ".join(chosen or ["__typename"])


def places(page: Any) -> list[tuple[Any, str]]:
    """Return each attribute of the files, folders and edges of a full page."""
    file = page.nodes[1]
    holders = [page, page.edges[0], file, file.twin, file.folder, file.versions[1]]
    holders += [*file.related, *page.picks]
    return [(holder, name) for holder in holders for name in holder.__slots__]


PLACES = st.sampled_from(range(len(places(full_page()))))


@settings(max_examples=300, deadline=None)
@given(
    selection=selections("Query", 4),
    odd=st.dictionaries(PLACES, st.sampled_from(ODD), max_size=3),
    yes=st.booleans(),
)
async def test_any_query_on_any_objects_is_answered_as_by_graphql_core(
    selection: str, odd: dict[int, object], *, yes: bool
) -> None:
    query = f"""
        query ($yes: Boolean!) {{ __typename @skip(if: $yes) {selection} files {{ ...Names }} }}
        fragment Names on File {{ id a_title: title twin {{ id visibility }} }}
    """
    page = full_page()
    attributes = places(page)
    for place, value in odd.items():
        put(*attributes[place], value)
    assert await answered_alike(query, page, yes=yes)
