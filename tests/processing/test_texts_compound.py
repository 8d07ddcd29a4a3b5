"""Text of the office files before 2007, and of Outlook messages."""

from pathlib import Path

import pytest

from processing.identify import identify
from processing.task import Failure, ProcessingError
from tests.processing.compound_files import WORKBOOK, compound, message, slides, word
from tests.processing.pages import extracted, source, text

DOC, XLS, PPT, MSG = (
    f"application/{name}"
    for name in ("msword", "vnd.ms-excel", "vnd.ms-powerpoint", "vnd.ms-outlook")
)


def test_word_gives_paragraphs_cells_results_of_fields_and_notes(tmp_path: Path) -> None:
    body = "Grüße\rone\x07two\x07\x07See \x13 HYPERLINK x \x14there\x15.\r"
    data = word(body, "Примечание\r")
    assert identify(data, "a.doc") == DOC
    assert text(source(tmp_path, data, DOC)).split("\n\n") == [
        *("Grüße", "one\ttwo", "See there.", "Примечание")
    ]


@pytest.mark.parametrize(
    ("data", "content_type", "failure"),
    [
        (word("a", flags=0x0300), DOC, Failure.ENCRYPTED),
        (word("a", version=0x68), DOC, Failure.UNSUPPORTED),
        (word("a")[:3000], DOC, Failure.FAILED),
        (compound({"EncryptedPackage": b"x"}), DOC, Failure.ENCRYPTED),
        (compound({"Other": b"x"}), DOC, Failure.FAILED),
        (compound({"Other": b"x"}), XLS, Failure.FAILED),
        (compound({"Other": b"x"}), PPT, Failure.FAILED),
        (compound({"Other": b"x"}), MSG, Failure.UNSUPPORTED),
        (b"plain", PPT, Failure.FAILED),
        (WORKBOOK[:2000], XLS, Failure.FAILED),
    ],
)
def test_what_cannot_be_read_says_why(
    tmp_path: Path, data: bytes, content_type: str, failure: Failure
) -> None:
    with pytest.raises(ProcessingError) as caught:
        extracted(source(tmp_path, data, content_type))
    assert caught.value.failure is failure


def test_slides_are_pages_in_the_order_of_the_presentation(tmp_path: Path) -> None:
    data = slides(("Harvest", "Äpfel\rПлан"), ("The end", "Thanks"))
    assert identify(data, "a.ppt") == PPT
    pages, _ = extracted(source(tmp_path, data, PPT))
    assert [page["text"] for page in pages] == ["Harvest\n\nÄpfel\n\nПлан", "The end\n\nThanks"]


def test_sheets_are_pages_of_cells_as_they_are_shown_without_hidden_ones(tmp_path: Path) -> None:
    pages, _ = extracted(source(tmp_path, WORKBOOK, XLS))
    assert [page["text"] for page in pages] == [
        "Fruit\n\nName\t\tÄpfel\n1. March 2024\t25.60%\tTRUE"
    ]


def test_a_message_has_its_headers_attachments_and_inner_messages(tmp_path: Path) -> None:
    forwarded = message({"0037": "Minutes", "0C1A": "Cid", "1000": "We agreed."})
    attachments = {
        "__attach_version1.0_#00000000": message({"3707": "phötö.png"}),
        "__attach_version1.0_#00000001": {"__substg1.0_3701000D": forwarded},
    }
    outer = {"0037": "Grüße", "0C1A": "Ann", "5D01": "ann@example.org", "0E04": "Bob", "1000": "Hi"}
    data = compound(message(outer, attachments))
    assert identify(data, "a.msg") == MSG
    assert text(source(tmp_path, data, MSG)).split("\n\n") == [
        "From: Ann <ann@example.org>\nTo: Bob\nSubject: Grüße",
        "Hi",
        "From: Cid\nSubject: Minutes",
        "We agreed.",
        "Attachment: phötö.png",
    ]
