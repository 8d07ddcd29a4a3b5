"""The shapes of what is sent and answered."""

from enum import StrEnum
from typing import Any, Final

from core.errors import ErrorCode
from core.ids import IdPrefix
from edge.errors import STATUS
from models.file import FILENAME_BYTES, TAG_CHARACTERS, Visibility
from models.user import UserKind
from processing.isolation import Layer
from rest.openapi.accounts import account_schemas
from rest.openapi.audit import audit_schemas
from rest.openapi.derivatives import derivative_schemas
from rest.openapi.links import link_schemas
from rest.openapi.parts import MEANINGS, Json, ref
from rest.openapi.recovery import recovery_schemas
from rest.openapi.shapes import all_of, count, some_of, text, typeid
from rest.openapi.shares import share_schemas
from rest.openapi.sign_in import sign_in_schemas
from rest.openapi.usage import usage_schemas
from services.access.bounds import MAX_PAGE
from services.files.files import MAX_BULK_DELETE, Outcome
from services.files.metadata import MAX_DESCRIPTION, MAX_TAGS
from services.files.tagging import TagOutcome
from services.files.visibilities import MAX_AT_ONCE, VisibilityOutcome

_EXAMPLE_ID: Final = "file_01katy5nd6f1r8ysxe9hz4m2q7"
_TIME: Final = "2026-03-14T09:26:53.589793Z"


def schemas() -> Json:
    """Return ``components.schemas``."""
    return {
        "File": _file(),
        "FileList": _file_list(),
        "FileChanges": _file_changes(),
        "UploadForm": _upload_form(),
        "BulkDelete": _bulk_delete(),
        "BulkDeleteResult": _bulk_delete_result(),
        "BulkVisibility": _bulk_visibility(),
        "BulkVisibilityResult": _bulk_visibility_result(),
        "BulkTag": _bulk_tag(),
        "BulkTagResult": _bulk_tag_result(),
        **derivative_schemas(),
        **link_schemas(),
        **share_schemas(),
        **audit_schemas(),
        "GuestSession": _guest_session(),
        **usage_schemas(),
        **account_schemas(),
        **sign_in_schemas(),
        **recovery_schemas(),
        "Health": _health(),
        "Problem": _problem(),
    }


def _id(prefix: IdPrefix, description: str, **more: Any) -> Json:
    described = f"{description} A TypeID: ids sort by time of creation."
    return text(described, pattern=typeid(prefix), **more)


def _filename() -> Json:
    return text(
        f"At most {FILENAME_BYTES} bytes of UTF-8. Path parts and invisible characters are dropped,"
        " Unicode is normalised (NFC).",
        minLength=1,
        maxLength=FILENAME_BYTES,
        examples=["holiday.jpg"],
    )


def _tags() -> Json:
    tag = {"type": "string", "minLength": 1, "maxLength": TAG_CHARACTERS}
    described = "In the order that they were given in; one given twice counts once."
    found = {"type": "array", "items": tag, "maxItems": MAX_TAGS, "description": described}
    return {**found, "examples": [["holiday", "beach"]]}


def _visibility(**more: Any) -> Json:
    return text(
        "Who may read the file besides its owner: nobody (`private`), every signed-in account"
        " (`shared`; the server may leave guests out), or anyone with its address (`public`).",
        enum=[one.value for one in Visibility],
        **more,
    )


def _description(**more: Any) -> Json:
    described = {"description": "Free text.", "maxLength": MAX_DESCRIPTION}
    return {"type": ["string", "null"], **described, **more}


def _file() -> Json:
    found = all_of(
        id=_id(IdPrefix.FILE, "Names the file.", examples=[_EXAMPLE_ID]),
        filename=_filename(),
        description=_description(),
        tags={**_tags(), "uniqueItems": True},
        visibility=_visibility(),
        mime_type=text("What the bytes are, by looking at them.", examples=["image/jpeg"]),
        size=count("Length in bytes; may exceed 32 bits.", format="int64"),
        checksum=text("SHA-256 of the bytes in hexadecimal.", pattern="^[0-9a-f]{64}$"),
        url=text("Where the bytes are downloaded; it does not change.", format="uri"),
        created_at=text("When it was uploaded, in UTC.", format="date-time", examples=[_TIME]),
        updated_at=text("When it was last changed, in UTC.", format="date-time", examples=[_TIME]),
    )
    return {**found, "properties": {**found["properties"], **_dimensions(), "owner": _owner()}}


def _owner() -> Json:
    kinds = [one.value for one in UserKind]
    owner = all_of(
        id=_id(IdPrefix.USER, "Names the account."),
        kind=text("What the account is.", enum=kinds),
        name={"type": ["string", "null"], "description": "What the person is called."},
        email={"type": ["string", "null"], "description": "The person's verified address."},
    )
    described = "Who shares the file with you by name; absent from files that nobody does."
    return {**owner, "description": described}


def _dimensions() -> Json:
    """What some files have, once the server has looked at them."""
    return {
        "width": count("In pixels, as shown; absent until it was looked at, or without one."),
        "height": count("In pixels, as shown; absent as the width."),
        "duration": {"type": "number", "minimum": 0, "description": "In seconds; absent as above."},
        "blurhash": text(
            "A BlurHash (https://blurha.sh) to show until the preview has loaded; absent until it"
            " was looked at, and from what is no image or video.",
            examples=["LEHV6nWB2yk8pyo0adR*.7kCMdnj"],
        ),
    }


def _file_list() -> Json:
    meta = all_of(
        total=count("How many files the whole list holds."),
        limit=count("The most files that this page may hold.", maximum=MAX_PAGE),
        offset=count("How many files were skipped."),
    )
    return all_of(data={"type": "array", "items": ref("File"), "maxItems": MAX_PAGE}, meta=meta)


def _file_changes() -> Json:
    changes = some_of(
        [],
        filename=_filename(),
        description=_description(),
        tags=_tags(),
        visibility=_visibility(),
    )
    described = "What is named is changed, what is not stays; a null `description` is removed."
    return {**changes, "description": described, "additionalProperties": False}


def _upload_form() -> Json:
    content = "application/octet-stream"
    bytes_of = text("The bytes, with a file name.", format="binary", contentMediaType=content)
    listed = text("One JSON array.", contentMediaType="application/json", contentSchema=_tags())
    repeated = {**_tags(), "description": "Repeated fields, one tag in each."}
    form = some_of(
        ["file"],
        file=bytes_of,
        filename={**_filename(), "description": "Instead of the name that the file came with."},
        description=_description(type="string"),
        tags={"oneOf": [repeated, listed], "description": "Repeated fields, or one JSON array."},
        visibility=_visibility(default=Visibility.PRIVATE.value),
    )
    described = "The parts may come in any order; an empty field means that it is not given."
    return {**form, "description": described, "additionalProperties": False}


def _bulk_delete() -> Json:
    body = all_of(file_ids=_file_ids(MAX_BULK_DELETE))
    return {**body, "additionalProperties": False}


def _bulk_delete_result() -> Json:
    deleted = count("How many files were deleted.")
    return all_of(deleted_count=deleted, results=_outcomes(Outcome))


def _bulk_visibility() -> Json:
    wanted = all_of(file_ids=_file_ids(MAX_AT_ONCE), visibility=_visibility())
    return {**wanted, "additionalProperties": False}


def _bulk_visibility_result() -> Json:
    changed = count("How many files have another visibility than before.")
    return all_of(changed_count=changed, results=_outcomes(VisibilityOutcome))


def _bulk_tag() -> Json:
    wanted = some_of(
        ["file_ids"],
        file_ids=_file_ids(MAX_AT_ONCE),
        add={**_tags(), "type": ["array", "null"], "description": "Added to each file."},
        remove={**_tags(), "type": ["array", "null"], "description": "Removed from each file."},
    )
    described = "At least one of `add` and `remove` names a tag; none may be in both."
    return {**wanted, "description": described, "additionalProperties": False}


def _bulk_tag_result() -> Json:
    changed = count("How many files have other tags than before.")
    return all_of(changed_count=changed, results=_outcomes(TagOutcome))


def _file_ids(most: int) -> Json:
    ids = {"type": "array", "items": {"type": "string"}, "maxItems": most}
    return {**ids, "examples": [[_EXAMPLE_ID]]}


def _outcomes(kinds: type[StrEnum]) -> Json:
    outcome = text("What became of it.", enum=[one.value for one in kinds])
    one = all_of(id=text("The id as it was given."), outcome=outcome)
    described = "One for each different id, in the order that they were given in."
    return {"type": "array", "items": one, "description": described}


def _guest_session() -> Json:
    return all_of(
        access_token=text("Send it as `Authorization: Bearer …`."),
        token_type=text("RFC 6749, section 7.1.", const="bearer"),
        expires_in=count("Seconds until the token expires."),
        user_id=_id(IdPrefix.USER, "Names the account."),
    )


def _health() -> Json:
    status = text("Whether requests can be served.", enum=["ok", "unavailable"])
    isolation = text(
        "What shuts the workers in: all but the file (`bubblewrap`), the network alone"
        " (`network namespace`), or limits of memory and time alone (`none`).",
        enum=["bubblewrap", "network namespace", "none"],
    )
    layers = all_of(
        **{one.value: {"type": "boolean", "description": about} for one, about in _LAYERS.items()}
    )
    return some_of(
        ["status"],
        status=status,
        reason=text("Why not."),
        isolation=isolation,
        layers={**layers, "description": "What confines the worker that was started last."},
    )


_LAYERS: Final = {
    Layer.NETWORK_NAMESPACE: "It has a network of its own, with nothing in it.",
    Layer.PROCESS_NAMESPACE: "It sees no process outside.",
    Layer.FILE_SYSTEM_NAMESPACE: "It has a file system of its own.",
    Layer.DIES_WITH_SERVER: "The kernel kills it when its parent process ends.",
    Layer.NO_NEW_PRIVILEGES: "No program that it starts has more rights than it has.",
    Layer.NO_CAPABILITIES: "It has no capabilities, even where the server runs as root.",
    Layer.READ_ONLY_FILES: "It opens no file for writing (Landlock, Linux 5.13).",
    Layer.NO_TCP: "It makes no TCP connection (Landlock, Linux 6.7).",
    Layer.NO_SIGNALS: "It sends no signal to processes outside (Landlock, Linux 6.12).",
}


def _problem() -> Json:
    """RFC 9457, section 3.1, with the members ``code`` and perhaps ``figures``."""
    numbers = sorted({status.value for status in STATUS.values()})
    found = all_of(
        type=text("A URI that names the kind of problem.", format="uri-reference"),
        title=text("The status in words."),
        status={"type": "integer", "enum": numbers, "description": "The HTTP status."},
        detail=text("What went wrong, for people to read."),
        code=text(_codes(), enum=[one.value for one in ErrorCode]),
        instance=text("The path that was asked for.", format="uri-reference"),
    )
    figures = {"type": "object", "description": "Of some codes: the figures that it comes from."}
    return {**found, "properties": {**found["properties"], "figures": figures}}


def _codes() -> str:
    meanings = [f"* `{code.value}`: {MEANINGS[code]}" for code in ErrorCode]
    return "\n".join(["What went wrong, for programs; stable.", "", *meanings])
