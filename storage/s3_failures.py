"""What an S3 server answers when it does not do what it was asked.

botocore gives status and code as they are. obstore has exceptions for some statuses and tells all
else in words; this module alone reads them, and its tests hold it to the real library.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from obstore.exceptions import BaseError

from storage.base import (
    ObjectNotFoundError,
    OutOfSpaceError,
    StorageError,
    StorageRefusedError,
)

_STATUS: Final = re.compile(r"Server returned non-2xx status code: (\d{3})")
_REDIRECT: Final = "Received redirect without LOCATION"
_CODE: Final = re.compile(r"<Code>(\w+)</Code>")
_MESSAGE: Final = re.compile(r"<Message>([^<]*)</Message>")
_MAX_SENTENCE: Final = 500

_NO_ROOM_STATUS: Final = 507
_NO_ROOM_CODES: Final = frozenset({"QuotaExceeded", "StorageFull"})
_NO_BUCKET: Final = "NoSuchBucket"
_REDIRECTED: Final = 301
_UNSATISFIABLE: Final = 416
_REFUSING_STATUSES: Final = frozenset({_REDIRECTED, 401, 403, 405})
_REFUSING_CODES: Final = frozenset(
    {
        _NO_BUCKET,
        "AuthorizationHeaderMalformed",  # signed for another region
        "ExpiredToken",
        "IllegalLocationConstraintException",
        "InvalidAccessKeyId",
        "InvalidBucketName",
        "InvalidToken",
        "MalformedSecurityHeader",
    }
)
"""What comes with status 400 or 404, as passing failures do too."""


class UnsatisfiableRangeError(StorageError):
    """Raised when an object has no byte of the range that was asked for (status 416)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of an answer, with code and message of its body; 0 and empty without them."""

    status: int
    code: str
    message: str

    @classmethod
    def of(cls, error: Exception) -> "Answer":
        """Return what the server answered; status 0 if there was no answer."""
        if isinstance(error, ClientError):
            said = error.response.get("Error", {})
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return cls(status, said.get("Code", ""), said.get("Message", ""))
        text = str(error)
        status = int(_first(_STATUS, text) or (_REDIRECTED if _REDIRECT in text else 0))
        return cls(status, _first(_CODE, text), _first(_MESSAGE, text))

    @property
    def has_no_room(self) -> bool:
        """Whether the server has no room for the bytes."""
        return self.status == _NO_ROOM_STATUS or self.code in _NO_ROOM_CODES

    @property
    def is_refusal(self) -> bool:
        """Whether no later try can succeed, as long as the configuration stays what it is."""
        return self.status in _REFUSING_STATUSES or self.code in _REFUSING_CODES

    def __str__(self) -> str:
        said = " ".join(filter(None, (str(self.status), self.code)))
        return f"the S3 server answers {said}" + (f": {self.message}" if self.message else "")


@contextmanager
def s3_errors() -> Iterator[None]:
    """Raise the storage's error for what either client raises."""
    try:
        yield
    except (BaseError, BotoCoreError, ClientError, OSError, ValueError) as error:
        raise _meaning(error) from error


def _meaning(error: Exception) -> StorageError:
    answer, sentence = Answer.of(error), _sentence(error)
    if answer.has_no_room:
        return OutOfSpaceError(sentence)
    if answer.is_refusal:
        return StorageRefusedError(str(answer))
    if isinstance(error, FileNotFoundError):
        return ObjectNotFoundError(sentence)
    if answer.status == _UNSATISFIABLE:
        return UnsatisfiableRangeError(sentence)
    return StorageError(sentence)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _sentence(error: Exception) -> str:
    """Return what happened, without the library's debugging output below it."""
    return " ".join(str(error).partition("\n\nDebug source")[0].split())[:_MAX_SENTENCE]
