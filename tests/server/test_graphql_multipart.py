"""The multipart specification's own examples, every malformed shape we know, and any JSON."""

import json
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import BadMultipartError, ErrorCode
from edge.request import MAX_JSON_BYTES
from server.graphql_multipart import (
    MAX_FILES,
    UploadMap,
    parse_map,
    parse_operations,
)


def bound(operations: bytes, file_map: bytes) -> tuple[dict[str, Any], UploadMap]:
    parsed = parse_operations(operations)
    return parsed, UploadMap(parsed, parse_map(file_map))


def refusal(operations: bytes, file_map: bytes) -> str:
    with pytest.raises(BadMultipartError) as refused:
        bound(operations, file_map)
    assert refused.value.code is ErrorCode.BAD_MULTIPART
    return refused.value.message


# What is right


def test_a_single_file_goes_where_the_specification_says() -> None:
    operations, uploads = bound(
        b'{"query": "mutation ($file: Upload!) { upload(file: $file) { id } }",'
        b' "variables": {"file": null}}',
        b'{"0": ["variables.file"]}',
    )
    assert uploads.names == ("0",)
    uploads.place("0", ["a file"])
    assert operations["variables"] == {"file": "a file"}
    assert uploads.missing() == ()


def test_a_list_of_files_may_arrive_in_any_order() -> None:
    operations, uploads = bound(
        b'{"variables": {"files": [null, null], "input": {"cover": null, "title": "t"}}}',
        b'{"b": ["variables.files.1"], "a": ["variables.files.0"], "c": ["variables.input.cover"]}',
    )
    assert uploads.names == uploads.missing() == ("b", "a", "c")
    uploads.place("c", [3])
    uploads.place("a", [1])
    assert uploads.missing() == ("b",)
    uploads.place("b", [2])
    assert operations == {"variables": {"files": [1, 2], "input": {"cover": 3, "title": "t"}}}


def test_one_part_fills_every_path_that_the_map_gives_it() -> None:
    operations, uploads = bound(
        b'{"variables": {"cover": null, "files": [null, null, null]}}',
        b'{"0": ["variables.files.2", "variables.cover"],'
        b' "1": ["variables.files.0", "variables.files.1"]}',
    )
    assert (uploads.names, uploads.count) == (("0", "1"), 4)
    assert (uploads.uses("0"), uploads.uses("1")) == (2, 2)
    uploads.place("1", ["c", "d"])
    assert uploads.missing() == ("0",)
    uploads.place("0", ["a", "b"])
    assert operations == {"variables": {"cover": "b", "files": ["c", "d", "a"]}}
    assert uploads.missing() == ()


def test_one_part_may_fill_every_path_that_is_allowed() -> None:
    paths = [f"variables.files.{i}" for i in range(MAX_FILES)]
    operations = {"variables": {"files": [None] * MAX_FILES}}
    _, uploads = bound(orjson.dumps(operations), orjson.dumps({"0": paths}))
    assert uploads.uses("0") == 100


def test_without_files_nothing_is_expected() -> None:
    operations, uploads = bound(b'{"query": "{ viewer { id } }"}', b"{}")
    assert operations == {"query": "{ viewer { id } }"}
    assert (uploads.names, uploads.missing(), uploads.count) == ((), (), 0)


def test_names_of_parts_may_be_any_text() -> None:
    _, uploads = bound(b'{"variables": {"f": null}}', '{"Ä .😀": ["variables.f"]}'.encode())
    assert uploads.names == ("Ä .😀",)


def test_up_to_the_limit_of_files_is_accepted() -> None:
    file_map = {str(i): [f"variables.files.{i}"] for i in range(MAX_FILES)}
    operations = {"variables": {"files": [None] * MAX_FILES}}
    _, uploads = bound(orjson.dumps(operations), orjson.dumps(file_map))
    assert len(uploads.names) == 100


# What is wrong, and what the message says of it

NOT_JSON = {
    "empty": b"",
    "cut off": b'{"a": ',
    "not a number": b'{"a": NaN}',
    "infinite": b'{"a": Infinity}',
    "too large for a double": b'{"a": 1e999}',
    "half a million digits": b'{"a": ' + b"1" * 500_000 + b"}",
    "lone surrogate": b'{"a": "\\ud800"}',
    "encoded surrogate": b'{"a": "\xed\xa0\x80"}',
    "not UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "NUL": b"\x00{}",
    "text behind": b"{} {}",
    "single quotes": b"{'a': 1}",
    "deep lists": b"[" * 500_000,
    "deep lists, closed": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("raw", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_strict_json_is_refused_in_both_parts(raw: bytes) -> None:
    assert refusal(raw, b"{}").startswith("operations is not valid JSON: ")
    assert refusal(b"{}", raw).startswith("map is not valid JSON: ")


def test_a_part_may_have_one_megabyte_and_no_more() -> None:
    assert parse_operations(b"{}".ljust(MAX_JSON_BYTES)) == {}
    assert parse_map(b"{}".ljust(MAX_JSON_BYTES)) == {}
    too_long = b"{}".ljust(MAX_JSON_BYTES + 1)
    assert refusal(too_long, b"{}") == (
        "operations has 1048577 bytes; at most 1048576 are allowed."
    )
    assert refusal(b"{}", too_long) == "map has 1048577 bytes; at most 1048576 are allowed."


def test_a_batch_is_refused_by_name() -> None:
    for raw in (b"[]", b'[{"query": "{ a }"}]'):
        assert "batching is off" in refusal(raw, b"{}")


@pytest.mark.parametrize(
    ("raw", "kind"),
    [(b"null", "null"), (b'"{}"', "a string"), (b"1", "a number"), (b"true", "a boolean")],
)
def test_operations_and_map_must_be_objects(raw: bytes, kind: str) -> None:
    assert refusal(raw, b"{}").endswith(f"not {kind}.")
    assert refusal(b"{}", raw).endswith(f"not {kind}.")


def test_a_map_that_is_a_list_is_refused() -> None:
    assert refusal(b"{}", b"[]") == (
        'map must be a JSON object such as {"0": ["variables.file"]}, not a list.'
    )


@pytest.mark.parametrize(
    ("file_map", "message"),
    [
        ('{"": ["variables.a"]}', "map has an empty file name: name each file part."),
        *(
            (f'{{"0": {paths}}}', "must give '0' a list of one or more paths")
            for paths in (
                *("[]", "null", '"variables.a"', '{"0": "variables.a"}', "[1]"),
                *('["variables.a", null]', '[["variables.a"]]'),
            )
        ),
        ('{"0": ["variables.a", "variables.a"]}', "'variables.a' twice: a variable takes one file"),
        ('{"0": ["variables.a", "variables.nowhere"]}', "has no 'nowhere' there"),
        ('{"0": ["variables.a", "variables.text"]}', "leads to a string: put null there"),
        ('{"0": ["variables.a"], "0": ["variables.b"]}', "names the file part '0' twice"),
        ('{"0": ["variables.a"], "\\u0030": ["variables.b"]}', "names the file part '0' twice"),
        ('{"0": ["variables.a"], "1": ["variables.a"]}', "'variables.a' twice"),
        ('{"0": ["a"]}', "must start with variables."),
        ('{"0": [""]}', "must start with variables."),
        ('{"0": ["variables"]}', "must start with variables."),
        ('{"0": ["query"]}', "must start with variables."),
        ('{"0": ["Variables.a"]}', "must start with variables."),
        ('{"0": ["0.variables.a"]}', "must start with variables."),
        ('{"0": ["variables."]}', "has no '' there"),
        ('{"0": ["variables..a"]}', "has no '' there"),
        ('{"0": ["variables.a."]}', "has no '' there"),
        ('{"0": ["variables.nowhere"]}', "has no 'nowhere' there"),
        ('{"0": ["variables.a.b"]}', "has no 'b' there"),
        ('{"0": ["variables.text.0"]}', "has no '0' there"),
        ('{"0": ["variables.with space"]}', "has no 'with space' there"),
        ('{"0": ["variables.0"]}', "has no '0' there"),
        ('{"0": ["variables.__class__"]}', "has no '__class__' there"),
        ('{"0": ["variables.a\\u0000"]}', "has no 'a\\x00' there"),
        ('{"0": ["variables.list"]}', "leads to a list: put null there"),
        ('{"0": ["variables.text"]}', "leads to a string: put null there"),
        ('{"0": ["variables.zero"]}', "leads to a number: put null there"),
        ('{"0": ["variables.off"]}', "leads to a boolean: put null there"),
        ('{"0": ["variables.object"]}', "leads to an object: put null there"),
        ('{"0": ["variables.list.2"]}', "has no '2' there"),
        ('{"0": ["variables.list.999999999"]}', "has no '999999999' there"),
        ('{"0": ["variables.list.00"]}', "needs a list index such as 0, not '00'"),
        ('{"0": ["variables.list.01"]}', "needs a list index such as 0, not '01'"),
        ('{"0": ["variables.list.-1"]}', "needs a list index such as 0, not '-1'"),
        ('{"0": ["variables.list.+1"]}', "needs a list index such as 0, not '+1'"),
        ('{"0": ["variables.list.1_0"]}', "needs a list index such as 0, not '1_0'"),
        ('{"0": ["variables.list. 1"]}', "needs a list index such as 0, not ' 1'"),
        ('{"0": ["variables.list.1\\n"]}', "needs a list index such as 0, not '1\\n'"),
        ('{"0": ["variables.list.1e0"]}', "needs a list index such as 0, not '1e0'"),
        ('{"0": ["variables.list.\u0661"]}', "needs a list index such as 0, not '\u0661'"),
        ('{"0": ["variables.list.²"]}', "needs a list index such as 0, not '²'"),
        ('{"0": ["variables.list.length"]}', "needs a list index such as 0, not 'length'"),
        ('{"0": ["variables.list"], "1": ["variables.list.0"]}', "leads to a list"),
    ],
)
def test_a_wrong_map_is_refused_with_what_to_change(file_map: str, message: str) -> None:
    variables = {
        "a": None, "b": None, "list": [None, None], "object": {"a": None}, "text": "null",
        "zero": 0, "off": False, "with space": None, "0": None,
    }  # fmt: skip
    assert message in refusal(orjson.dumps({"variables": variables}), file_map.encode())


@pytest.mark.parametrize("variables", [None, 1, "a", [None], []])
def test_variables_that_are_no_object_hold_no_file(variables: object) -> None:
    operations = orjson.dumps({"variables": variables})
    assert "in map" in refusal(operations, b'{"0": ["variables.file"]}')
    assert "in map" in refusal(b"{}", b'{"0": ["variables.file"]}')


def test_more_files_than_allowed_are_refused() -> None:
    file_map = orjson.dumps({"0": ["variables.a"], "1": ["variables.b", "variables.c"]})
    assert len(parse_map(file_map, max_files=3)) == 2
    with pytest.raises(BadMultipartError, match="map holds 3 paths; at most 2 are allowed"):
        parse_map(file_map, max_files=2)
    paths = [f"variables.f{i}" for i in range(101)]
    for many in ({"0": paths}, {path: [path] for path in paths}):
        refused = refusal(b"{}", orjson.dumps(many))
        assert "holds 101 paths; at most 100 are allowed" in refused


def test_a_part_must_be_in_the_map_and_come_once() -> None:
    operations, uploads = bound(b'{"variables": {"f": null}}', b'{"0": ["variables.f"]}')
    with pytest.raises(BadMultipartError, match="The file part '1' is not in map"):
        uploads.uses("1")
    uploads.place("0", [None])
    with pytest.raises(BadMultipartError, match="The file part '0' came twice"):
        uploads.uses("0")
    assert operations == {"variables": {"f": None}}


@pytest.mark.parametrize(
    "file_map",
    [
        {"0": ["variables." + "a" * 900_000]},
        {"0": ["a" * 900_000]},
        {"0": ["variables.list." + "1" * 900_000]},
        {"0": ["variables" + ".a" * 400_000]},
        {"n" * 900_000: []},
        {"n" * 400_000: ["variables.a", "variables.b"]},
        {"\x00" * 100_000: []},
        {"0": ["variables." + "\U000e0001" * 100_000]},
    ],
    ids=range(8),
)
def test_no_message_echoes_a_megabyte(file_map: dict[str, list[str]]) -> None:
    operations = b'{"variables": {"list": [null]}}'
    assert len(refusal(operations, orjson.dumps(file_map))) < 1500
    with pytest.raises(BadMultipartError) as refused:
        UploadMap({}, {}).uses("n" * 1_000_000)
    assert len(refused.value.message) < 1500


# Any JSON, and any right request

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["variables", "variables.a", "variables.a.0", "variables.b.a", "a", "0"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["variables", "a", "b", "0", ""]) | st.text(), inner)
    ),
    max_leaves=12,
)
ANY_PATH = st.lists(st.sampled_from(["a", "b", "0", "1", "", "-1"]), min_size=1, max_size=3).map(
    lambda segments: ".".join(["variables", *segments])
)
LIKELY_MAP = st.dictionaries(st.text(max_size=2), st.lists(ANY_PATH, max_size=2), max_size=3)
LIKELY_OPERATIONS = st.fixed_dictionaries(
    {"variables": st.dictionaries(st.sampled_from(["a", "b", "0"]), ANY_JSON)}
)


def nulls(value: object) -> int:
    if isinstance(value, dict):
        return sum(map(nulls, value.values()))
    return sum(map(nulls, value)) if isinstance(value, list) else value is None


@given(ANY_JSON | LIKELY_OPERATIONS, ANY_JSON | LIKELY_MAP)
@example({"variables": {"a": None}}, {"0": ["variables.a"]})
def test_any_json_binds_or_is_refused(operations: object, file_map: object) -> None:
    # json.dumps also writes what is not JSON: NaN, infinities, lone surrogates, huge integers.
    try:
        parsed, uploads = bound(json.dumps(operations).encode(), json.dumps(file_map).encode())
    except BadMultipartError:
        return
    before = nulls(parsed)
    for name in uploads.names:
        uploads.place(name, ["a file"] * uploads.uses(name))
    assert nulls(parsed) == before - uploads.count
    assert uploads.missing() == ()


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_bind_or_are_refused(operations: bytes, file_map: bytes) -> None:
    for parts in ((operations, file_map), (b"{}", file_map)):
        with suppress(BadMultipartError):
            bound(*parts)


class File:
    """Stands in the expected variables where a file belongs."""


NAMES = st.from_regex(r"[_A-Za-z][_0-9A-Za-z]{0,8}", fullmatch=True)
PLAIN = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5)
EXPECTED = st.dictionaries(
    NAMES,
    st.recursive(
        PLAIN | st.builds(File),
        lambda inner: st.lists(inner, max_size=12) | st.dictionaries(NAMES, inner, max_size=4),
        max_leaves=20,
    ),
    max_size=4,
)


def without_files(value: Any, path: str, paths: dict[str, File]) -> Any:
    """Return ``value`` with its files as null, and enter their paths into ``paths``."""
    if isinstance(value, File):
        paths[path] = value
        return None
    if isinstance(value, dict):
        return {k: without_files(v, f"{path}.{k}", paths) for k, v in value.items()}
    if isinstance(value, list):
        return [without_files(v, f"{path}.{i}", paths) for i, v in enumerate(value)]
    return value


@given(EXPECTED, st.randoms(use_true_random=False))
def test_a_right_request_puts_every_file_exactly_where_it_belongs(
    expected: dict[str, Any], random: Any
) -> None:
    paths: dict[str, File] = {}
    operations = {"query": "{ a }", "variables": without_files(expected, "variables", paths)}
    order = list(paths)
    random.shuffle(order)
    file_map: dict[str, list[str]] = {}
    for path in order:
        file_map.setdefault(f"part {random.randrange(3)}", []).append(path)
    parsed, uploads = bound(orjson.dumps(operations), orjson.dumps(file_map))
    arrivals = list(uploads.names)
    random.shuffle(arrivals)
    for name in arrivals:
        uploads.place(name, [paths[path] for path in file_map[name]])
    assert uploads.missing() == ()
    assert parsed == {"query": "{ a }", "variables": expected}


@pytest.mark.parametrize("depth", [900, 980, 1000, 1020])
def test_a_repeated_name_may_hide_deep_nesting(depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    with pytest.raises(BadMultipartError):
        parse_map(b'{"0": %b, "0": ["variables.file"]}' % deep)
