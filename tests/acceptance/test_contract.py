"""Every example of the contract document runs unchanged, says what it should, and does it."""

import hashlib
import io
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.acceptance.contract import Runner, examples
from tests.acceptance.samples import SAMPLES, write_samples, writing
from tests.acceptance.serving import Server

PYTHON_AND_JAVASCRIPT = {
    "Bearer Token Setup",
    "Upload Single File",
    "Upload with Metadata",
    "Upload Large File with Progress",
    "Batch Upload Multiple Files",
    "Get File Information",
    "List User Files",
    "Download File",
    "Stream File Content",
    "Update File Metadata",
    "Delete File",
    "Bulk Delete Files",
    "Generate File Preview",
    "Extract Text (OCR)",
    "Detect File Type/Contents",
    "Handle Upload Errors",
}
PYTHON_ONLY = {"Complete Example: Photo Gallery Manager"}
CURL = {"Upload Single File", "Get File Information"}

LANGUAGES = pytest.mark.parametrize("language", ["python", "javascript"])


@pytest.fixture(scope="module", autouse=True)
def _node() -> None:
    node = shutil.which("node") or pytest.fail("the examples in JavaScript need Node 20 or newer")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - found on the path
    assert re.match(r"v[2-9]\d", version.stdout), "the examples in JavaScript need Node 20 or newer"


@pytest.fixture
def run(server: Server, token: str, tmp_path: Path) -> Runner:
    """Run examples in a folder that holds the files they name."""
    return Runner(server.url, token, write_samples(tmp_path))


@pytest.fixture
def stored(client: httpx.Client) -> list[dict[str, object]]:
    """Have three files, the newest last."""
    return [upload(client, name) for name in ("photo.jpg", "document.txt", "document.pdf")]


def upload(client: httpx.Client, name: str) -> dict[str, object]:
    answer = client.post("/v1/media/upload", files={"file": (name, SAMPLES[name][1])})
    file: dict[str, object] = answer.json()["data"]
    return file


def listed(client: httpx.Client) -> list[dict[str, object]]:
    files: list[dict[str, object]] = client.get("/v1/media/files?sort=filename").json()["data"]
    return files


def assert_whole(client: httpx.Client, file: dict[str, object], sample: str) -> None:
    mime_type, content = SAMPLES[sample]
    assert (file["mime_type"], file["size"]) == (mime_type, len(content))
    assert file["checksum"] == hashlib.sha256(content).hexdigest()
    assert client.get(str(file["url"])).content == content


def test_every_example_is_run_or_listed() -> None:
    found: dict[str, set[str]] = {}
    for example in examples():
        found.setdefault(example.language, set()).add(example.heading)
    assert found == {
        "python": PYTHON_AND_JAVASCRIPT | PYTHON_ONLY,
        "javascript": PYTHON_AND_JAVASCRIPT,
        "bash": CURL,
    }


@LANGUAGES
def test_bearer_token_setup(run: Runner, client: httpx.Client, language: str) -> None:
    show = {"python": "\nprint(token)", "javascript": "\nconsole.log(token)"}
    (fresh,) = run.run("Bearer Token Setup", language, then=show[language])
    assert fresh != run.token
    answer = client.get("/v1/media/files", headers={"authorization": f"Bearer {fresh}"})
    assert answer.json()["meta"]["total"] == 0


@LANGUAGES
def test_upload_single_file(run: Runner, client: httpx.Client, language: str) -> None:
    said = run.run("Upload Single File", language)
    (file,) = listed(client)
    expected = [f"File ID: {file['id']}", f"URL: {file['url']}", f"Size: {file['size']} bytes"]
    if language == "python":
        expected.append("Type: text/plain")
    assert said == expected
    assert_whole(client, file, {"python": "document.txt", "javascript": "photo.jpg"}[language])


@LANGUAGES
def test_upload_with_metadata(run: Runner, client: httpx.Client, language: str) -> None:
    said = run.run("Upload with Metadata", language)
    (file,) = listed(client)
    tags = ["vacation", "beach", "2025"] if language == "python" else ["vacation", "beach"]
    assert (file["filename"], file["tags"]) == ("vacation_photo.jpg", tags)
    assert file["visibility"] == "private"
    assert str(file["description"]).startswith("Summer vacation photo")
    assert_whole(client, file, "photo.jpg")
    assert said[0] == f"Uploaded: {file['id']}"
    if language == "python":
        assert said[1:] == [f"Description: {file['description']}", f"Tags: {tags}"]
    else:
        assert said[1:] == ["Tags: vacation,beach"]


@LANGUAGES
def test_upload_large_file_with_progress(run: Runner, client: httpx.Client, language: str) -> None:
    *progress, last = run.run("Upload Large File with Progress", language)
    (file,) = listed(client)
    assert last.startswith(f"Uploaded: {file['id']}")
    percents = [int(line.removeprefix("Upload progress: ").rstrip("%")) for line in progress]
    assert percents == sorted(percents)
    assert percents[-1] >= 100  # the example in Python counts the form's own bytes as well
    assert_whole(client, file, {"python": "large_video.mp4", "javascript": "photo.jpg"}[language])


@LANGUAGES
def test_batch_upload_multiple_files(run: Runner, client: httpx.Client, language: str) -> None:
    said = run.run("Batch Upload Multiple Files", language)
    files = listed(client)
    names = (
        ["document.pdf"] if language == "python" else ["document.pdf", "document.txt", "photo.jpg"]
    )
    assert [file["filename"] for file in files] == names
    assert {f"✓ Uploaded: {name}" for name in names} <= set(said)
    assert f"Total uploaded: {len(names)}" in said
    for file, name in zip(files, names, strict=True):
        assert_whole(client, file, name)


@LANGUAGES
def test_get_file_information(run: Runner, stored: list[dict[str, object]], language: str) -> None:
    file = stored[1]
    expected = ["Filename: document.txt", f"Size: {file['size']} bytes", "Type: text/plain"]
    if language == "python":
        expected.append(f"Created: {file['created_at']}")
    expected.append(f"URL: {file['url']}")
    assert run.run("Get File Information", language, (str(file["id"]),)) == expected


@LANGUAGES
def test_list_user_files(run: Runner, stored: list[dict[str, object]], language: str) -> None:
    said = run.run("List User Files", language)
    expected = [f"- {file['filename']} ({file['size']} bytes)" for file in reversed(stored)]
    if language == "python":
        created = [file["created_at"] for file in reversed(stored)]
        expected = [f"{line} - {at}" for line, at in zip(expected, created, strict=True)]
    assert said == expected


@LANGUAGES
def test_download_file(run: Runner, stored: list[dict[str, object]], language: str) -> None:
    file_id = str(stored[2]["id"])
    (run.folder / "document.pdf").unlink()
    said = run.run("Download File", language, (file_id,))
    assert said == ([f"Downloaded: {file_id}"] if language == "python" else [])
    saved = {"python": "downloaded_file.pdf", "javascript": "document.pdf"}[language]
    assert (run.folder / saved).read_bytes() == SAMPLES["document.pdf"][1]


@LANGUAGES
def test_stream_file_content(run: Runner, client: httpx.Client, language: str) -> None:
    file = upload(client, "large_video.mp4")
    use = {"python": "", "javascript": "\nawait streamFile(fileId);"}
    said = run.run("Stream File Content", language, (str(file["id"]),), then=use[language])
    pieces = [int(str(re.search(r"\d+", line)[0])) for line in said]  # type: ignore[index]
    assert sum(pieces) == file["size"]


@LANGUAGES
def test_update_file_metadata(
    run: Runner, client: httpx.Client, stored: list[dict[str, object]], language: str
) -> None:
    file_id = str(stored[0]["id"])
    assert run.run("Update File Metadata", language, (file_id,)) == ["Updated: photo.jpg"]
    changed = client.get(f"/v1/media/files/{file_id}").json()["data"]
    assert changed["description"] == "Updated description"
    assert changed["tags"] == ["important", "2025"]
    assert changed["visibility"] == "shared"


@LANGUAGES
def test_delete_file(
    run: Runner, client: httpx.Client, stored: list[dict[str, object]], language: str
) -> None:
    file_id = str(stored[0]["id"])
    assert run.run("Delete File", language, (file_id,)) == ["File deleted"]
    assert client.get(f"/v1/media/files/{file_id}").status_code == 404
    assert len(listed(client)) == 2


@LANGUAGES
def test_bulk_delete_files(
    run: Runner, client: httpx.Client, stored: list[dict[str, object]], language: str
) -> None:
    kept = upload(client, "drawing.png")
    ids = tuple(str(file["id"]) for file in stored)
    assert run.run("Bulk Delete Files", language, ids) == ["Deleted: 3 files"]
    assert [file["id"] for file in listed(client)] == [kept["id"]]


@LANGUAGES
def test_generate_file_preview(run: Runner, stored: list[dict[str, object]], language: str) -> None:
    address, *more = run.run("Generate File Preview", language, (str(stored[0]["id"]),))
    shown = httpx.get(address.removeprefix("Preview URL: "))
    width, height = Image.open(io.BytesIO(shown.content)).size
    assert shown.headers["content-type"] == "image/webp"
    assert max(width, height) == {"python": 160, "javascript": 320}[language]
    assert more == ([f"Width: {width} x Height: {height}"] if language == "python" else [])


@LANGUAGES
def test_extract_text(run: Runner, client: httpx.Client, language: str) -> None:
    said = "The harbour was quiet that morning."
    answer = client.post("/v1/media/upload", files={"file": ("scan.png", writing(said))})
    file_id = answer.json()["data"]["id"]
    printed = run.run("Extract Text (OCR)", language, (file_id,))
    count = str(len(said))
    if language == "python":
        assert printed == [f"Extracted text ({count} chars):", said]
    else:
        assert printed == [f"Extracted {count} characters"]


@LANGUAGES
def test_detect_file_type(run: Runner, stored: list[dict[str, object]], language: str) -> None:
    printed = run.run("Detect File Type/Contents", language, (str(stored[0]["id"]),))
    labels = {"python": "Content type", "javascript": "Content"}
    assert printed[:2] == ["File type: JPEG image", f"{labels[language]}: image/jpeg"]
    if language == "python":
        assert "'width': 320, 'height': 200" in printed[2]


@LANGUAGES
def test_handle_upload_errors(run: Runner, client: httpx.Client, language: str) -> None:
    use = '\nconsole.log((await uploadWithValidation(fileFrom("document.pdf"), headers)).id);'
    said = run.run("Handle Upload Errors", language, then=use if language == "javascript" else "")
    (file,) = listed(client)
    prefix = "Successfully uploaded: " if language == "python" else ""
    assert said == [f"{prefix}{file['id']}"]
    assert_whole(client, file, "document.pdf")


def test_handle_upload_errors_when_the_file_is_too_large_for_the_server(
    run: Runner, client: httpx.Client
) -> None:
    with (run.folder / "document.pdf").open("r+b") as document:
        document.truncate(33 * 1024 * 1024)
    assert run.run("Handle Upload Errors", "python") == ["Error: File too large for server"]
    assert listed(client) == []


def test_complete_example_photo_gallery_manager(run: Runner, client: httpx.Client) -> None:
    said = run.run("Complete Example: Photo Gallery Manager", "python")
    assert said[0] == "Uploaded: 1 photos"
    assert said[1] == "Generated: 1 previews"
    (file,) = listed(client)
    assert (file["tags"], file["visibility"]) == (["photo"], "private")  # the same tag twice is one
    assert_whole(client, file, "photo.jpg")


def test_the_examples_for_curl(run: Runner, client: httpx.Client) -> None:
    example = next(one for one in examples() if one.language == "bash")
    code = example.code.replace("http://localhost:8000", run.url)
    subprocess.run(  # noqa: S603 - the document's own example
        ["/bin/bash", "-ec", code],
        cwd=run.folder,
        env={"TOKEN": run.token, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )
    (file,) = listed(client)
    assert_whole(client, file, "document.txt")
