#!/usr/bin/env bash
# A form with a file that has no Content-Type, and a JSON field that has one
#
# Guess:   "notes.txt" is a file and "operations" a field: a part's Content-Type is optional and
#          text/plain by default (RFC 7578, section 4.4); a file has a file name (section 4.2).
# Happens: formidable decides by Content-Type. The file becomes a field and loses its name; the field
#          becomes a nameless file. busboy (and multer above it) decides by the file name.
# With:    formidable 3.5.4, busboy 1.6.0 (npm).
# Means:   GraphQL clients that send "operations" as application/json work with one server and not
#          with the other. A media API should test both parts in both forms.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund formidable@3.5.4 busboy@1.6.0

cat >form.mjs <<'EOF'
import { Readable } from "node:stream";
import busboy from "busboy";
import formidable from "formidable";

const body = [
  '--X\r\nContent-Disposition: form-data; name="upload"; filename="notes.txt"\r\n\r\nhello\r\n',
  '--X\r\nContent-Disposition: form-data; name="operations"\r\nContent-Type: application/json\r\n\r\n{}\r\n',
  "--X--\r\n",
].join("");
const headers = { "content-type": "multipart/form-data; boundary=X", "content-length": body.length };

const request = Object.assign(Readable.from([Buffer.from(body)]), { headers });
const [fields, files] = await formidable({ uploadDir: "." }).parse(request);
console.log("formidable: fields", JSON.stringify(fields));
for (const [name, [file]] of Object.entries(files))
  console.log("formidable: file", name, file.originalFilename);

const parser = busboy({ headers });
parser.on("field", (name, value) => console.log("busboy: field", name, value));
parser.on("file", (name, stream, { filename }) => {
  console.log("busboy: file", name, filename);
  stream.resume();
});
parser.end(body);
EOF

diff <(node form.mjs) - <<'EOF'
formidable: fields {"upload":["hello"]}
formidable: file operations null
busboy: file upload notes.txt
busboy: field operations {}
EOF
echo "as recorded"
