"""Filters and scopes of lists on both engines, and nobody else's files."""

import unicodedata
from typing import Any

import pytest

from auth.viewer import ANONYMOUS, Viewer
from core.errors import ForbiddenError, UnauthenticatedError, ValidationFailedError
from models.file import Visibility
from models.user import User, UserKind
from processing.content_types import Family
from services.application import Application
from services.files.listing import FileFilter, Scope
from services.files.paging import Order, Window
from tests.services.conftest import account, checked, uploaded


async def listed(application: Application, viewer: Viewer, **wanted: Any) -> list[str]:
    """Return the names of a list, after checking that all ways of asking agree on it."""
    narrowed = FileFilter(**wanted)
    order = Order.parse("filename")
    listing = application.listing
    page = await listing.page(viewer, narrowed, order, limit=100, offset=0)
    window = await listing.slice(viewer, narrowed, order, Window(100))
    assert window.files == page
    assert await listing.count(viewer, narrowed) == len(page)
    for limit, offset in ((100, 0), (1, 0), (2, 1), (100, len(page)), (1, len(page) + 1)):
        part, total = await listing.counted_page(
            viewer, narrowed, order, limit=limit, offset=offset
        )
        assert (part, total) == (page[offset : offset + limit], len(page))
    return [file.filename for file in page]


@pytest.fixture(params=[(0, 0), (0, 1), (0, 50), (1, 0), (1000, 50)])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have tags and names looked up one by one or walked past, whatever is found."""
    for name, value in zip(("_RARE", "_PAGE"), request.param, strict=True):
        monkeypatch.setattr(f"services.files.query.{name}", value)


@pytest.mark.usefixtures("ways")
async def test_tags_narrow_a_list_to_files_that_have_them_all(
    application: Application, owner: Viewer
) -> None:
    for name, tags in (("a", ["x", "y"]), ("b", ["x"]), ("c", []), ("d", ["X", "100%"])):
        await uploaded(application, owner, filename=name, tags=tags)
    stranger = await account(application)
    await uploaded(application, stranger, filename="e", tags=["x", "y"], visibility="shared")
    assert await listed(application, owner, tags=("x",)) == ["a", "b"]
    assert await listed(application, owner, tags=("x", "y")) == ["a"]
    assert await listed(application, owner, tags=("y", "x", "y")) == ["a"]
    assert await listed(application, owner, tags=("X",)) == ["d"]
    assert await listed(application, owner, tags=("100%",)) == ["d"]
    assert await listed(application, owner, tags=("100_",)) == []
    assert await listed(application, owner, scope=Scope.SHARED, tags=("x",)) == ["e"]


async def test_types_narrow_a_list_one_by_one_or_by_family(
    application: Application, owner: Viewer
) -> None:
    for name, content in (
        ("a.txt", b"some text\n"),
        ("b.md", b"some text\n"),
        ("c.gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
        ("d.bin", b"\x9b\x01\x02\xff"),
    ):
        await uploaded(application, owner, content, name=name)
    assert await listed(application, owner, mime_type="text/markdown") == ["b.md"]
    assert await listed(application, owner, mime_type="text/*") == ["a.txt", "b.md"]
    assert await listed(application, owner, mime_type="text") == ["a.txt", "b.md"]
    assert await listed(application, owner, mime_type="image") == ["c.gif"]
    for none in ("tex", "text/", "text/mark", "text0", "%", "", "*/*", "TEXT"):
        assert await listed(application, owner, mime_type=none) == []


async def test_a_type_is_found_under_its_old_and_other_names(
    application: Application, owner: Viewer
) -> None:
    for name, content in (("a.rtf", b"{\\rtf1 x}"), ("b.xml", b"<?xml version='1.0'?><b/>")):
        await uploaded(application, owner, content, name=name)
    async with application.database.transaction() as transaction:
        await transaction.execute(
            "UPDATE file SET mime_type = ? WHERE filename = ?", "text/xml", "b.xml"
        )
    for name in ("text/rtf", "application/rtf", "APPLICATION/RTF"):
        assert await listed(application, owner, mime_type=name) == ["a.rtf"]
    for name in ("text/xml", "application/xml"):
        assert await listed(application, owner, mime_type=name) == ["b.xml"]


IN_FAMILIES = {
    Family.IMAGE: ("image/png", "image/x-adobe-dng"),
    Family.VIDEO: ("video/matroska", "application/mxf", "application/x-matroska"),
    Family.AUDIO: ("audio/mpeg", "application/ogg", "audio/unheard-of"),
    Family.DOCUMENT: ("application/pdf", "application/msword", "text/rtf", "message/rfc822"),
    Family.TEXT: ("text/plain", "text/unheard-of", "application/json", "audio/x-mpegurl"),
    Family.ARCHIVE: ("application/zip", "application/vnd.rar", "application/x-rar"),
    Family.OTHER: ("application/octet-stream", "font/otf", "model/stl", "application/unheard-of"),
}


async def test_every_file_is_in_exactly_one_family(application: Application, owner: Viewer) -> None:
    types = [content_type for types in IN_FAMILIES.values() for content_type in types]
    for content_type in types:
        name = content_type.replace("/", " ")
        await uploaded(application, owner, content_type.encode(), filename=name)
    async with application.database.transaction() as transaction:
        await transaction.execute("UPDATE file SET mime_type = REPLACE(filename, ' ', '/')")

    async def found(mime_type: str) -> list[str]:
        names = await listed(application, owner, mime_type=mime_type)
        return sorted(name.replace(" ", "/") for name in names)

    for family, expected in IN_FAMILIES.items():
        assert await found(family.value) == sorted(expected)
    assert await found("font") == ["font/otf"]
    assert await found("audio/*") == ["audio/mpeg", "audio/unheard-of", "audio/x-mpegurl"]


async def test_visibility_narrows_a_list(application: Application, owner: Viewer) -> None:
    for visibility in Visibility:
        await uploaded(application, owner, filename=visibility.value, visibility=visibility)
    for visibility in Visibility:
        shown = await listed(application, owner, visibility=visibility)
        assert shown == [visibility.value]


@pytest.mark.usefixtures("ways")
async def test_names_are_found_by_any_part_in_any_case(
    application: Application, owner: Viewer
) -> None:
    names = ["100%.txt", "100x.txt", "a_b", "axb", "Straße", "ÉCOLE", "wow!", "İstanbul", "Σίσυφος"]
    for name in names:
        await uploaded(application, owner, filename=name)
    for part, found in (
        ("100%", ["100%.txt"]),
        ("%", ["100%.txt"]),
        ("_", ["a_b"]),
        ("!", ["wow!"]),
        ("\\", []),
        ("TXT", ["100%.txt", "100x.txt"]),
        ("STRASSE", ["Straße"]),
        ("straße", ["Straße"]),
        ("école", ["ÉCOLE"]),
        (unicodedata.normalize("NFD", "école"), ["ÉCOLE"]),
        ("ΣΊΣΥΦΟΣ", ["Σίσυφος"]),
        ("i\u0307stan", ["İstanbul"]),
        ("'", []),
        ("nothing", []),
    ):
        assert await listed(application, owner, name=part) == found, part
    assert len(await listed(application, owner, name="")) == len(names)


ODD_TEXTS = ["\0", "a\0", "\ud800", "x" * 100_000, "%" * 60_000, "é" * 30_000]


async def test_a_text_that_no_file_can_have_finds_nothing(
    application: Application, owner: Viewer
) -> None:
    await uploaded(application, owner, filename="a", tags=["a"])
    for text in ODD_TEXTS:
        assert await listed(application, owner, name=text) == []
        assert await listed(application, owner, tags=(text,)) == []
        assert await listed(application, owner, mime_type=text) == []


async def test_more_tags_than_a_file_can_have_are_refused(
    application: Application, owner: Viewer
) -> None:
    tags = [f"tag {number}" for number in range(50)]
    await uploaded(application, owner, filename="a", tags=tags)
    assert await listed(application, owner, tags=tuple(tags)) == ["a"]
    assert await listed(application, owner, tags=tuple(tags * 100)) == ["a"]
    with pytest.raises(ValidationFailedError, match="tags"):
        await listed(application, owner, tags=(*tags, "one more"))


@pytest.mark.usefixtures("ways")
async def test_all_filters_hold_together(application: Application, owner: Viewer) -> None:
    await uploaded(application, owner, filename="a.txt", tags=["x"], visibility="public")
    await uploaded(application, owner, filename="ab.txt", tags=["x"])
    await uploaded(application, owner, filename="abc.txt", visibility="public")
    wanted = {"tags": ("x",), "visibility": Visibility.PUBLIC, "name": "A", "mime_type": "text/*"}
    assert await listed(application, owner, **wanted) == ["a.txt"]


async def test_a_scope_holds_what_its_reader_may_see(
    application: Application, owner: Viewer
) -> None:
    others = {kind: await account(application, kind) for kind in UserKind}
    for viewer, name in ((owner, "mine"), (others[UserKind.USER], "theirs")):
        for visibility in Visibility:
            await uploaded(
                application, viewer, filename=f"{name} {visibility}", visibility=visibility
            )
    mine = sorted(f"mine {visibility}" for visibility in Visibility)
    theirs = sorted(f"theirs {visibility}" for visibility in Visibility)
    assert await listed(application, owner) == mine
    assert await listed(application, owner, scope=Scope.SHARED) == ["theirs shared"]
    assert await listed(application, others[UserKind.USER]) == theirs
    assert await listed(application, others[UserKind.GUEST]) == []
    both = ["mine shared", "theirs shared"]
    assert await listed(application, others[UserKind.GUEST], scope=Scope.SHARED) == both
    administrator = others[UserKind.ADMINISTRATOR]
    assert await listed(application, administrator) == []
    assert await listed(application, administrator, scope=Scope.ALL) == mine + theirs
    assert await listed(application, administrator, scope=Scope.SHARED) == both
    for viewer in (owner, others[UserKind.GUEST]):
        with pytest.raises(ForbiddenError):
            await listed(application, viewer, scope=Scope.ALL)


async def test_guests_outside_the_audience_see_nothing_shared(settings: Any) -> None:
    async with checked(settings, shared_audience="users") as application:
        owner = await account(application)
        guest = await account(application, UserKind.GUEST)
        user = await account(application)
        await uploaded(application, owner, filename="a", visibility="shared")
        assert await listed(application, guest, scope=Scope.SHARED) == []
        assert await listed(application, user, scope=Scope.SHARED) == ["a"]


async def test_nobody_sees_a_list_without_signing_in(application: Application) -> None:
    listing = application.listing
    for scope in Scope:
        wanted = FileFilter(scope=scope)
        with pytest.raises(UnauthenticatedError):
            await listing.page(ANONYMOUS, wanted, Order(), limit=1, offset=0)
        with pytest.raises(UnauthenticatedError):
            await listing.slice(ANONYMOUS, wanted, Order(), Window(1))
        with pytest.raises(UnauthenticatedError):
            await listing.count(ANONYMOUS, wanted)


async def test_a_listed_file_is_the_file_itself(application: Application, owner: Viewer) -> None:
    file = await uploaded(
        application, owner, filename="é", tags=["b", "a"], description="x", visibility="public"
    )
    assert await application.listing.page(owner, FileFilter(), Order(), limit=1, offset=0) == [file]
    assert await application.files.get(owner, file.id) == file


async def test_the_count_of_an_account_that_is_gone_is_nothing(
    application: Application,
) -> None:
    viewer = await account(application)
    await User.filter(id=viewer.id).delete()
    assert await application.listing.count(viewer, FileFilter()) == 0
    assert await application.listing.count(viewer, FileFilter(name="a")) == 0
