"""The direct way gives what graphql-core gives, whatever is asked and whatever the objects hold."""

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
import strawberry
from graphql import Undefined
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import DisableValidation, SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types.field import StrawberryField

from schema.execution import PlainFieldsExecutor
from tests.schema.executing import (
    CORE,
    DIRECT,
    LEAVES,
    Later,
    StoredEdge,
    StoredFile,
    StoredFolder,
    StoredMarker,
    Stranger,
    answer,
    build,
    full_page,
    left_to_core,
    plain_page,
)


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
