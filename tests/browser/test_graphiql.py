"""GraphiQL in a browser: the session, the examples, files with progress, nothing from elsewhere."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.acceptance.serving import Server
from tests.browser.person import AXE, RULES, Person

KIB = 1024
OURS = [".session-bar", ".examples-panel", ".files-panel"]
SLOW = 256 * KIB
"""Bytes per second: slow enough to watch an upload."""


class Explorer:
    """Somebody who explores the API with GraphiQL."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page: Page = person.page
        person.open("/graphql")
        expect(self.page.locator(".graphiql-query-editor .view-line").first).to_be_visible()

    @property
    def files(self) -> Locator:
        """The panel of the files."""
        return self.page.get_by_role("region", name="Files")

    @property
    def result(self) -> Locator:
        """Where the response appears."""
        return self.page.get_by_role("region", name="Result Window")

    @property
    def session(self) -> Locator:
        """Who is signed in."""
        return self.page.locator(".session-bar")

    def be_guest(self) -> None:
        self.page.get_by_role("button", name="Continue as guest").click()
        expect(self.session).to_contain_text("Signed in")

    def example(self, title: str) -> None:
        """Open an example."""
        panel = self.page.get_by_role("region", name="Examples")
        panel.get_by_role("button").filter(has=self.page.get_by_text(title, exact=True)).click()

    def run(self) -> None:
        self.page.get_by_role("button", name="Execute query").click()

    def choose(self, *paths: Path) -> None:
        """Choose files by the browser's dialog."""
        with self.page.expect_file_chooser() as dialog:
            self.files.get_by_role("button", name="Choose").click()
        dialog.value.set_files(list(paths))

    def connect_slowly(self) -> CDPSession:
        """Send slowly from now on; detach the session to end it."""
        session = self.page.context.new_cdp_session(self.page)
        conditions = {"offline": False, "latency": 0, "downloadThroughput": -1}
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", {**conditions, "uploadThroughput": SLOW})
        return session

    def answered(self) -> Any:
        """Run, and return the answer as it came over the wire."""
        with self.answering() as coming:
            self.run()
        return coming.value.json()

    def answering(self) -> Any:
        """Wait at the end of a with block for an answer, other than the one with the schema."""
        return self.page.expect_response(
            lambda answer: (
                answer.request.method == "POST"
                and "IntrospectionQuery" not in (answer.request.post_data or "")
            )
        )

    def barriers(self) -> list[str]:
        """Return what axe finds in what is ours."""
        self.page.evaluate(AXE.read_text())
        found: dict[str, Any] = self.page.evaluate(
            "([include, runOnly]) => axe.run({include}, {runOnly, resultTypes: ['violations']})",
            [[[each] for each in OURS if self.page.locator(each).count()], RULES],
        )
        return [
            f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found["violations"]
        ]


@pytest.fixture
def explorer(arrive: Callable[..., Person]) -> Explorer:
    """Be somebody who has just opened GraphiQL."""
    return Explorer(arrive())


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Return a file that takes its time."""
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(range(256)) * 2800)
    return path


def test_without_pasting_a_token_a_query_runs_as_a_guest(explorer: Explorer) -> None:
    explorer.run()
    expect(explorer.result).to_contain_text('"kind": null')
    explorer.be_guest()
    explorer.run()
    expect(explorer.result).to_contain_text('"kind": "GUEST"')


def test_the_session_is_the_library_s_until_it_is_signed_out(guest: Person) -> None:
    explorer = Explorer(guest)
    expect(explorer.session).to_contain_text("Signed in")
    assert explorer.answered()["data"]["viewer"]["kind"] == "GUEST"
    explorer.page.get_by_role("button", name="Sign out").click()
    expect(explorer.page.get_by_role("button", name="Continue as guest")).to_be_visible()
    assert explorer.answered()["data"]["viewer"]["kind"] is None


def test_a_guest_with_files_is_asked_by_the_library_before_signing_out(
    guest: Person, pictures: Path
) -> None:
    explorer = Explorer(guest.given(pictures / "Lake.jpg"))
    explorer.page.get_by_role("button", name="Sign out").click()
    asking = explorer.page.get_by_role("dialog", name="Sign out of this guest account?")
    expect(asking.get_by_text("1 file in this guest account")).to_be_visible()


def test_a_session_that_was_ended_elsewhere_is_noticed(explorer: Explorer, server: Server) -> None:
    explorer.be_guest()
    with explorer.answering() as coming:
        explorer.run()
    token = coming.value.request.headers["authorization"].removeprefix("Bearer ")
    with server.client(token) as elsewhere:
        assert elsewhere.post("/v1/auth/logout").status_code == 204
    explorer.run()
    expect(explorer.page.get_by_role("button", name="Continue as guest")).to_be_visible()
    expect(explorer.result).to_contain_text('"kind": null')
    refused = [complaint for complaint in explorer.person.complaints if "401" in complaint]
    assert len(refused) == 2  # the query, and renewing the session
    explorer.person.complaints = [c for c in explorer.person.complaints if c not in refused]


def test_what_the_headers_editor_says_goes_before_the_session(
    explorer: Explorer, server: Server
) -> None:
    explorer.be_guest()
    mine = explorer.answered()["data"]["viewer"]["id"]
    other = server.guest()
    explorer.page.get_by_role("button", name="Headers", exact=True).click()
    explorer.page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden)").click()
    explorer.page.keyboard.insert_text(json.dumps({"Authorization": f"Bearer {other}"}))
    assert explorer.answered()["data"]["viewer"]["id"] not in {mine, None}


def test_a_file_goes_out_with_progress_and_arrives_whole(explorer: Explorer, large: Path) -> None:
    explorer.be_guest()
    explorer.example("Upload a file")
    expect(explorer.files).to_contain_text("$file: Upload!")
    explorer.choose(large)
    expect(explorer.files).to_contain_text("large.bin")
    slow = explorer.connect_slowly()
    bar = explorer.files.get_by_role("progressbar", name="Upload progress")
    with explorer.answering() as coming:
        explorer.run()
        expect(bar).to_be_visible()
        expect(explorer.files.get_by_role("status")).to_contain_text("kB sent")
        slow.detach()
    uploaded = coming.value.json()["data"]["upload"]
    assert uploaded["checksum"] == hashlib.sha256(large.read_bytes()).hexdigest()
    expect(explorer.result).to_contain_text("large.bin")
    expect(bar).to_be_hidden()


def test_an_upload_can_be_cancelled(explorer: Explorer, large: Path) -> None:
    explorer.be_guest()
    explorer.example("Upload a file")
    explorer.choose(large)
    slow = explorer.connect_slowly()
    explorer.run()
    explorer.files.get_by_role("button", name="Cancel").click()
    expect(explorer.files.get_by_role("progressbar")).to_be_hidden()
    expect(explorer.page.get_by_role("button", name="Execute query")).to_be_visible()
    slow.detach()
    explorer.example("List my files")
    assert explorer.answered()["data"]["files"]["totalCount"] == 0


def test_several_files_are_dropped_and_one_is_taken_back(
    explorer: Explorer, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("one.txt", "two.txt", "three.txt")]
    for path in paths:
        path.write_text(f"This is {path.stem}.")
    explorer.be_guest()
    explorer.example("Upload several files")
    expect(explorer.files).to_contain_text("$files: [Upload!]!")
    explorer.person.drop(paths[:2])
    explorer.person.drop(paths[2:])
    explorer.files.get_by_role("button", name="Remove two.txt").click()
    sent = explorer.answered()["data"]["uploadMany"]
    assert [file["filename"] for file in sent] == ["one.txt", "three.txt"]
    expect(explorer.result).to_contain_text("three.txt")


def test_a_file_that_is_missing_is_named(explorer: Explorer) -> None:
    explorer.be_guest()
    explorer.example("Upload a file")
    expect(explorer.files).to_contain_text("required")
    explorer.run()
    expect(explorer.result).to_contain_text("Choose a file for $file")


def test_examples_come_with_the_ids_of_one_s_own_files(explorer: Explorer, tmp_path: Path) -> None:
    explorer.example("Delete a file")
    expect(explorer.page.get_by_role("status")).to_contain_text("Continue as guest first")
    explorer.be_guest()
    explorer.example("Delete a file")
    expect(explorer.page.get_by_role("status")).to_contain_text("Upload a file")
    note = tmp_path / "note.txt"
    note.write_text("To be deleted.")
    explorer.example("Upload a file")
    explorer.choose(note)
    uploaded = explorer.answered()["data"]["upload"]["id"]
    explorer.example("Delete a file")
    expect(explorer.page.locator(".graphiql-editor-tool")).to_contain_text(uploaded)
    assert explorer.answered()["data"]["delete"] == uploaded


def test_the_documentation_tells_of_the_schema(explorer: Explorer) -> None:
    explorer.page.get_by_role("button", name="Show Documentation Explorer").click()
    explorer.page.get_by_role("link", name="Visibility", exact=True).click()
    docs = explorer.page.locator(".graphiql-plugin")
    expect(docs).to_contain_text("Who may read a file besides its owner")
    expect(docs).to_contain_text("Anyone with its address, without signing in.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_ours_keeps_nobody_out(arrive: Callable[..., Person], scheme: str) -> None:
    explorer = Explorer(arrive(color_scheme=scheme))
    explorer.example("Delete a file")
    expect(explorer.page.get_by_role("status")).to_be_visible()
    assert explorer.barriers() == []
    explorer.person.open("/graphql?sign_in_error=access_denied")
    expect(explorer.session.get_by_role("alert")).to_have_text("Signing in was cancelled.")
    assert explorer.barriers() == []
    explorer.be_guest()
    explorer.example("Upload several files")
    expect(explorer.files).to_be_visible()
    assert explorer.barriers() == []


def test_a_phone_shows_editors_and_result_below_each_other(arrive: Callable[..., Person]) -> None:
    explorer = Explorer(arrive(viewport={"width": 390, "height": 844}, has_touch=True))
    explorer.be_guest()
    explorer.page.get_by_role("button", name="Examples").click()
    explorer.example("List my files")
    explorer.run()
    expect(explorer.result).to_contain_text("totalCount")
    expect(explorer.result).to_be_in_viewport()
    width = explorer.page.evaluate("document.documentElement.scrollWidth")
    assert width == 390
