"""What a browser keeps for this server and neither reads nor changes: encrypted, for a time.

Source: JSON Web Encryption (RFC 7516), ``dir`` with AES-256-GCM.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from auth.signing import derived_key

_HEADER: Final = {"alg": "dir", "enc": "A256GCM"}
_MAX_LENGTH: Final = 4096


class Sealer:
    """Seals with a key derived from the server's secret; opens with those before it too."""

    def __init__(self, secret: str, previous: Sequence[str] = ()) -> None:
        keys = [derived_key(one, "sealed cookies") for one in (secret, *previous)]
        self._keys = [OctKey.import_key(key) for key in keys]

    def seal(self, content: Mapping[str, Any], seconds: int) -> str:
        """Return ``content``, which has to be JSON, as text that opens for ``seconds``."""
        whole = orjson.dumps({"until": int(time.time()) + seconds, "content": content})
        return jwe.encrypt_compact(_HEADER, whole, self._keys[0])

    def open(self, sealed: str) -> dict[str, Any] | None:
        """Return what was sealed; None if it was altered, is not ours, or its time is over."""
        if len(sealed) > _MAX_LENGTH:
            return None
        for key in self._keys:
            try:
                plain = jwe.decrypt_compact(sealed, key, algorithms=list(_HEADER.values()))
            except (JoseError, ValueError, TypeError):
                continue
            whole = orjson.loads(plain.plaintext or b"null")
            return dict(whole["content"]) if time.time() < whole["until"] else None
        return None
