"""The connection to an S3 server, described by the ``AWS_*`` variables that every S3 tool knows.

Two clients share it. obstore moves the bytes; botocore reads the configuration and the
credentials, signs addresses, and knows the calls that obstore does not have.
"""

from datetime import UTC, datetime, timedelta
from os import environ
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from obstore.store import S3Store

from storage.base import StorageError
from storage.s3_failures import s3_errors

if TYPE_CHECKING:  # there only for type checkers
    from obstore.store import S3Credential

RETRY_SECONDS: Final = 15
"""For so long a request is tried again; it has failed when the last try has."""

READ_SECONDS: Final = 15
"""So long a server may leave a request without a further byte; then it counts as failed."""

_CONNECT_SECONDS: Final = 5
_NO_LIMIT: Final = timedelta(days=7)  # a download takes as long as its client does
_CREDENTIALS_LIFETIME: Final = timedelta(minutes=5)
_DEFAULT_REGION: Final = "us-east-1"


class Connection:
    """The clients of the bucket that ``url`` (``s3://bucket/prefix``) names.

    ``public_endpoint`` is where those who are given signed addresses reach the server, if not
    where it is reached from here.

    Raises:
        StorageError: There are no credentials, or the configuration cannot be used.
    """

    def __init__(self, url: str, public_endpoint: str = "") -> None:
        place = urlsplit(url)
        self.bucket, self.prefix = place.netloc, place.path.strip("/")
        with s3_errors():
            self._session = botocore.session.Session()
            self.client = self._client()
            self._signing = self._client(public_endpoint) if public_endpoint else self.client
            self._credentials()  # without any, say so at the start
            self.store = self._store(self.client.meta.endpoint_url, self.client.meta.region_name)

    def full_name(self, name: str) -> str:
        """Return the name in the bucket of what is ``name`` below the prefix."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def signed_url(self, name: str, seconds: int, **parameters: str) -> str:
        """Return an address that gets the object for ``seconds``; blocks if credentials are old."""
        with s3_errors():
            url: str = self._signing.generate_presigned_url(
                "get_object",
                Params={"Bucket": self.bucket, "Key": self.full_name(name), **parameters},
                ExpiresIn=seconds,
            )
        return url

    def abort_uploads(self, name: str, before: datetime) -> int:
        """Abort the multipart uploads under ``name`` begun ``before``; return how many. Blocks."""
        aborted = 0
        with s3_errors():
            pages = self.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket, Prefix=self.full_name(name)
            )
            for page in pages:
                for upload in page.get("Uploads", ()):
                    aborted += upload["Initiated"] < before and self._abort(upload)
        return aborted

    def close(self) -> None:
        """Let go of botocore's connections; obstore's end with their store."""
        self.client.close()
        self._signing.close()

    def _abort(self, upload: dict[str, Any]) -> bool:
        try:
            self.client.abort_multipart_upload(
                Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchUpload":  # it has just come to its end
                raise
            return False
        return True

    def _client(self, endpoint: str = "") -> Any:
        region = environ.get("AWS_REGION") or self._session.get_config_variable("region")
        return self._session.create_client(
            "s3",
            region_name=region or _DEFAULT_REGION,
            endpoint_url=endpoint or None,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 6},
            ),
        )

    def _store(self, endpoint: str, region: str) -> S3Store:
        return S3Store(
            self.bucket,
            prefix=self.prefix or None,
            config={
                "endpoint": endpoint,
                "region": region,
                # Of every body: a server that checks refuses what was changed on the way.
                "checksum_algorithm": "sha256",
                "virtual_hosted_style_request": False,
                "disable_bulk_delete": True,
            },
            client_options={
                "allow_http": endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
                "read_timeout": timedelta(seconds=READ_SECONDS),
                "timeout": _NO_LIMIT,
            },
            retry_config={
                "max_retries": 10,
                "retry_timeout": timedelta(seconds=RETRY_SECONDS),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=50),
                    "max_backoff": timedelta(seconds=2),
                    "base": 2,
                },
            },
            credential_provider=self._credentials,
        )

    def _credentials(self) -> "S3Credential":
        found = self._session.get_credentials()
        if found is None:
            raise StorageError("no credentials for S3: set AWS_ACCESS_KEY_ID and its secret")
        frozen = found.get_frozen_credentials()
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": datetime.now(UTC) + _CREDENTIALS_LIFETIME,
        }
