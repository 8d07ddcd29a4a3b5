#!/usr/bin/env bash
# A download whose content type is documented as */*, in a generated client
#
# Guess:   the bytes, as for application/octet-stream: the response 200 is documented, its schema is
#          binary, and */* is a media type range that a document may use (OpenAPI 3.1, "Response
#          Object", content).
# Happens: the client knows no response. It returns None for 200, and with
#          raise_on_unexpected_status it raises for the documented 200. With application/octet-stream
#          it returns a file.
# With:    openapi-python-client 0.29.1 (PyPI). The generator prints a warning and ends with 0.
# Means:   a media API that serves files of every type documents them as application/octet-stream.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check openapi-python-client==0.29.1

cat >make.py <<'EOF'
import json
import sys

content = {sys.argv[1]: {"schema": {"type": "string", "format": "binary"}}}
get = {"operationId": "download", "responses": {"200": {"description": "-", "content": content}}}
document = {
    "openapi": "3.1.0",
    "info": {"title": sys.argv[2], "version": "1"},
    "paths": {"/content": {"get": get}},
}
print(json.dumps(document))
EOF
for kind in "*/* any" "application/octet-stream octets"; do
  set -f
  set -- $kind
  set +f
  bin/python make.py "$1" "$2" >"$2.json"
  PATH=$PWD/bin:$PATH bin/openapi-python-client generate --path "$2.json" --output-path "$2" >/dev/null 2>&1
done

cat >call.py <<'EOF'
import importlib
import sys

import httpx

for name in ("any", "octets"):
    sys.path.insert(0, name)
    client = importlib.import_module(f"{name}_client")
    download = importlib.import_module(f"{name}_client.api.default.download")
    answer = httpx.MockTransport(lambda request: httpx.Response(200, content=b"bytes"))
    for strict in (False, True):
        used = client.Client("http://test", raise_on_unexpected_status=strict)
        used.set_httpx_client(httpx.Client(base_url="http://test", transport=answer))
        try:
            parsed = type(download.sync_detailed(client=used).parsed).__name__
        except Exception as error:
            parsed = type(error).__name__
        print(name, "strict:" if strict else "plain:", parsed)
EOF

diff <(bin/python call.py) - <<'EOF'
any plain: NoneType
any strict: UnexpectedStatus
octets plain: File
octets strict: File
EOF
echo "as recorded"
