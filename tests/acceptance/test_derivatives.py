"""Previews, texts and analyses over HTTP: what they answer, whom, and for how long."""

import io
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import httpx
import pytest
from PIL import Image

from tests.acceptance.gql import Gql
from tests.acceptance.samples import SAMPLES, film, image
from tests.acceptance.serving import Server, eventually

BROKEN = image("PNG")[:200]
PREVIEW = """
mutation ($id: ID!, $size: PreviewSize, $type: PreviewType) {
  preview(id: $id, size: $size, type: $type) {
    previewUrl expiresAt width height mimeType size format requestedSize
  }
}
"""


def upload(client: httpx.Client, content: bytes, name: str, **fields: str) -> dict[str, Any]:
    answer = client.post("/v1/media/upload", files={"file": (name, content)}, data=fields)
    file: dict[str, Any] = answer.json()["data"]
    return file


def preview(client: httpx.Client, file: dict[str, Any], **given: Any) -> dict[str, Any]:
    answer = client.post(f"/v1/media/files/{file['id']}/preview", json=given)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def altered(url: str, **changes: str) -> str:
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    return urlunsplit(parts._replace(query=urlencode(query)))


@pytest.mark.parametrize(
    ("size", "expected"), [("small", (160, 100)), ("medium", (320, 200)), ("large", (320, 200))]
)
def test_a_preview_has_the_size_it_says_and_is_never_enlarged(
    client: httpx.Client, size: str, expected: tuple[int, int]
) -> None:
    made = preview(client, upload(client, image("JPEG"), "a.jpg"), format="thumbnail", size=size)
    shown = httpx.get(made["preview_url"])
    picture = Image.open(io.BytesIO(shown.content))
    assert picture.size == (made["width"], made["height"]) == expected
    assert picture.format == "WEBP"
    assert shown.headers["content-type"] == made["mime_type"] == "image/webp"
    assert len(shown.content) == made["size"]


def test_a_signed_address_is_for_everybody_and_for_caches(client: httpx.Client) -> None:
    file = upload(client, image("PNG"), 'draw"ing.png')
    first, second = preview(client, file), preview(client, file)
    assert first == second  # the same address for all who ask within a day
    shown = httpx.get(first["preview_url"])
    control = shown.headers["cache-control"]
    assert control.startswith("public, max-age=")
    assert control.endswith(", immutable")
    assert 24 * 3600 - 60 <= int(control.split("=")[1].split(",")[0]) <= 48 * 3600
    assert shown.headers["x-content-type-options"] == "nosniff"
    again = httpx.get(first["preview_url"], headers={"if-none-match": shown.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "changes",
    [
        {"size": "large"},
        {"type": "png"},
        {"expires": "9999999999"},
        {"expires": "soon"},
        {"signature": "x" * 43},
        {"signature": "é"},
    ],
)
def test_an_altered_address_opens_nothing(client: httpx.Client, changes: dict[str, str]) -> None:
    made = preview(client, upload(client, image("PNG"), "a.png"), size="small")
    answer = httpx.get(altered(made["preview_url"], **changes))
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


def test_an_address_ends_with_a_change_of_visibility_and_with_the_file(
    client: httpx.Client,
) -> None:
    file = upload(client, image("PNG"), "a.png", visibility="public")
    first = preview(client, file)["preview_url"]
    client.patch(f"/v1/media/files/{file['id']}", json={"visibility": "private"})
    refused = httpx.get(first)
    assert refused.status_code == 403
    second = preview(client, file)["preview_url"]
    assert httpx.get(second).status_code == 200
    client.patch(f"/v1/media/files/{file['id']}", json={"description": "no matter"})
    assert httpx.get(second).status_code == 200
    client.delete(f"/v1/media/files/{file['id']}")
    gone = httpx.get(second)
    assert gone.status_code == 403
    assert gone.json()["detail"] == refused.json()["detail"]


def test_readers_get_a_preview_without_a_signature_in_the_type_they_accept(
    client: httpx.Client,
) -> None:
    path = f"/v1/media/files/{upload(client, image('PNG'), 'a.png')['id']}/preview"
    for accept, expected in {
        "*/*": "image/webp",
        "image/avif,image/webp,image/png": "image/webp",
        "image/png": "image/png",
        "image/avif": "image/avif",
        "image/jpeg, image/png;q=0.5": "image/jpeg",
        "image/webp;q=0, image/jpeg": "image/jpeg",
        "image/webp;q=0.000, image/jpeg": "image/jpeg",
        "image/webp;q=0.05, image/jpeg": "image/jpeg",
        "image/webp;q=0, */*": "image/jpeg",
        "image/webp;q=0": "image/jpeg",
        "application/json": "image/webp",
        "image/png, image/*;q=0.8, */*;q=0.5": "image/png",
    }.items():
        answer = client.get(path, headers={"accept": accept})
        assert answer.headers["content-type"] == expected, accept
        assert "accept" in answer.headers["vary"].lower()
        assert answer.headers["cache-control"] == "private, no-cache"
    chosen = client.get(path, params={"type": "jpeg", "size": "small"})
    assert Image.open(io.BytesIO(chosen.content)).size == (160, 100)
    assert client.head(path).headers["content-length"]
    assert httpx.get(f"{client.base_url}{path}").status_code == 401


def test_an_animation_stays_one_when_asked_for(client: httpx.Client) -> None:
    frames = [Image.new("RGB", (40, 20), colour) for colour in ("red", "green", "blue")]
    target = io.BytesIO()
    frames[0].save(target, "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0)
    file = upload(client, target.getvalue(), "a.gif")
    moving = httpx.get(preview(client, file, format="animated")["preview_url"])
    still = httpx.get(preview(client, file)["preview_url"])
    asked = client.get(
        f"/v1/media/files/{file['id']}/preview",
        params={"format": "animated"},
        headers={"accept": "image/png"},
    )
    assert asked.content == moving.content
    assert getattr(Image.open(io.BytesIO(moving.content)), "n_frames", 1) == 3
    assert getattr(Image.open(io.BytesIO(still.content)), "n_frames", 1) == 1


def test_what_has_no_preview_is_a_415_with_a_code_and_stays_one(client: httpx.Client) -> None:
    file = upload(client, b"PK\x05\x06" + bytes(18), "a.zip")
    for _ in range(2):
        answer = client.post(f"/v1/media/files/{file['id']}/preview", json={"size": "small"})
        assert answer.status_code == 415
        assert answer.json()["code"] == "UNSUPPORTED_FILE_TYPE"
        assert "application/zip" in answer.json()["detail"]


def test_a_broken_file_is_kept_and_its_preview_is_a_coded_failure(client: httpx.Client) -> None:
    file = upload(client, BROKEN, "broken.png")
    path = f"/v1/media/files/{file['id']}"
    for given in ({}, {}, {"retry": True}):
        answer = client.post(f"{path}/preview", json=given)
        assert (answer.status_code, answer.json()["code"]) == (422, "PROCESSING_FAILED")
    assert client.get(f"{path}/download").content == BROKEN
    assert Gql(client).code(PREVIEW, id=file["id"]) == "PROCESSING_FAILED"


@pytest.mark.parametrize(
    ("operation", "given", "says"),
    [
        ("preview", {"size": "huge"}, "size must be one of small, medium, large"),
        ("preview", {"format": 5}, "format must be one of thumbnail, animated"),
        ("preview", {"format": "animated", "type": "png"}, "type must be webp"),
        ("preview", {"colour": "red"}, "'colour' is not a field here"),
        ("preview", {"retry": "yes"}, "retry must be true or false"),
        ("extract-text", {"language": "xx"}, "en"),
        ("extract-text", {"language": 7}, "language must be a string"),
        ("extract-text", {"preserve_formatting": 1}, "preserve_formatting must be true or false"),
        ("analyze", {"analyses": ["colour"]}, "file_type, content_type, metadata"),
        ("analyze", {"analyses": []}, "file_type, content_type, metadata"),
        ("analyze", {"analyses": [["file_type"]]}, "file_type, content_type, metadata"),
        ("analyze", {"analyses": "metadata"}, "file_type, content_type, metadata"),
    ],
)
def test_wrong_arguments_are_400s_that_say_what_to_change(
    client: httpx.Client, operation: str, given: dict[str, Any], says: str
) -> None:
    file = upload(client, b"some text", "a.txt")
    answer = client.post(f"/v1/media/files/{file['id']}/{operation}", json=given)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert says in answer.json()["detail"]


@pytest.mark.parametrize("operation", ["preview", "extract-text", "analyze"])
def test_a_body_may_be_left_out(client: httpx.Client, operation: str) -> None:
    file = upload(client, b"some text", "a.txt")
    assert client.post(f"/v1/media/files/{file['id']}/{operation}").status_code == 200


def test_an_analysis_answers_the_parts_that_are_asked_for(client: httpx.Client) -> None:
    path = f"/v1/media/files/{upload(client, image('JPEG'), 'a.png')['id']}/analyze"
    whole = client.post(path, json={}).json()["data"]
    assert list(whole) == ["file_type", "content_type", "metadata"]
    assert whole["content_type"] == "image/jpeg"
    assert whole["metadata"]["extension_matches"] is False
    assert whole["metadata"]["declared_type"] == "image/png"  # httpx goes by the name
    assert whole["metadata"]["declared_type_matches"] is False
    some = client.post(path, json={"analyses": ["metadata", "file_type"]}).json()["data"]
    assert some == {name: whole[name] for name in ("file_type", "metadata")}


def test_dimensions_and_duration_are_found_after_the_upload(client: httpx.Client) -> None:
    picture, recording = upload(client, image("PNG"), "a.png"), upload(client, film(), "a.mp4")

    def known(file: dict[str, Any]) -> bool:
        return "width" in client.get(f"/v1/media/files/{file['id']}").json()["data"]

    eventually(lambda: known(picture) and known(recording), "the files are looked at")
    shown = client.get(f"/v1/media/files/{picture['id']}").json()["data"]
    assert (shown["width"], shown["height"]) == (320, 200)
    assert "duration" not in shown
    shown = client.get(f"/v1/media/files/{recording['id']}").json()["data"]
    assert (shown["width"], shown["height"]) == (320, 240)
    assert shown["duration"] == pytest.approx(2, abs=0.1)
    again = upload(client, image("PNG"), "the same.png")
    assert (again["width"], again["height"]) == (320, 200)
    data = Gql(client).data(
        "query ($id: ID!) { file(id: $id) { width height duration } }", id=recording["id"]
    )
    assert data["file"]["width"] == 320


def test_graphql_makes_finds_and_lists_what_is_computed(client: httpx.Client) -> None:
    gql, text = Gql(client), "First line.\nSecond line.\n"
    file = upload(client, text.encode(), "a.txt")
    before = gql.data(FOUND, id=file["id"])["file"]
    assert before["previews"] == []
    assert before["text"] is before["analysis"] is None
    made = gql.data(PREVIEW, id=file["id"], size="SMALL", type="PNG")["preview"]
    assert made["mimeType"] == "image/png"
    assert max(made["width"], made["height"]) == 160
    extracted = gql.data(EXTRACT, id=file["id"])["extractText"]
    assert extracted["text"].split() == text.split()
    analysed = gql.data(ANALYZE, id=file["id"])["analyze"]
    assert analysed == {"fileType": None, "metadata": analysed["metadata"]}
    after = gql.data(FOUND, id=file["id"])["file"]
    assert [one["previewUrl"] for one in after["previews"]] == [made["previewUrl"]]
    assert after["text"]["text"] == extracted["text"]
    assert after["analysis"]["metadata"] == analysed["metadata"]


def test_the_address_of_a_preview_is_told_before_it_is_made(client: httpx.Client) -> None:
    gql = Gql(client)
    shown = upload(client, image("PNG"), "a.png")
    hidden = upload(client, b"PK\x05\x06" + bytes(18), "a.zip")
    query = "query ($id: ID!) { file(id: $id) { previewUrl(size: SMALL) previews { size } } }"
    data = gql.data(query, id=shown["id"])["file"]
    assert data["previews"] == []
    picture = Image.open(io.BytesIO(httpx.get(data["previewUrl"]).content))
    assert picture.size == (160, 100)
    assert gql.data(query, id=hidden["id"])["file"]["previewUrl"] is None


def test_anybody_reads_what_is_computed_from_a_public_file(
    server: Server, client: httpx.Client
) -> None:
    file = upload(client, SAMPLES["document.txt"][1], "a.txt", visibility="public")
    with server.client(None) as anonymous:
        for operation in ("preview", "extract-text", "analyze"):
            answer = anonymous.post(f"/v1/media/files/{file['id']}/{operation}", json={})
            assert answer.status_code == 200
            again = anonymous.post(
                f"/v1/media/files/{file['id']}/{operation}", json={"retry": True}
            )
            assert (again.status_code, again.json()["code"]) == (401, "UNAUTHENTICATED")


def test_an_analysis_of_no_part_is_a_mistake_in_graphql_too(client: httpx.Client) -> None:
    file = upload(client, b"some text", "a.txt")
    query = "mutation ($id: ID!) { analyze(id: $id, analyses: []) { fileType } }"
    assert Gql(client).code(query, id=file["id"]) == "VALIDATION_FAILED"


def test_a_document_that_repeats_a_long_text_is_refused(client: httpx.Client) -> None:
    gql = Gql(client)
    file = upload(client, b"A line of a long text.\n" * 100_000, "long.txt")
    held = len(gql.data(EXTRACT, id=file["id"])["extractText"]["text"])
    again = 32 * 1024 * 1024 // held + 1
    assert again < 20
    texts = " ".join(f"t{number}: text {{ text }}" for number in range(again))
    query = f"query ($id: ID!) {{ file(id: $id) {{ {texts} }} }}"
    assert gql.code(query, id=file["id"]) == "QUERY_TOO_COMPLEX"


FOUND = """
query ($id: ID!) {
  file(id: $id) {
    previews { previewUrl width height }
    text { text language confidence pages failedPages engine truncated }
    analysis { fileType contentType metadata }
  }
}
"""
EXTRACT = """
mutation ($id: ID!) {
  extractText(id: $id, language: "auto", preserveFormatting: true) { text language }
}
"""
ANALYZE = """
mutation ($id: ID!) { analyze(id: $id, analyses: [METADATA]) { fileType metadata } }
"""
