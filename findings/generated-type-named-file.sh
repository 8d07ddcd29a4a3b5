#!/usr/bin/env bash
# The type of uploaded bytes in a generated client, where the document has a schema "File"
#
# Guess:   the browser's File and Blob: the schema of the part is binary, and "File" is what many
#          file APIs call their resource, so that a generator would rename or qualify one of the two.
# Happens: the part's type is "Blob | File", and File is the resource of the document. The compiler
#          takes the metadata of a file for its bytes.
# With:    @hey-api/openapi-ts 0.99.0, typescript 5.9.3 (npm).
# Means:   a client that sends metadata in place of a file compiles. A document that wants safe
#          clients names its resource otherwise, for example MediaFile.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @hey-api/openapi-ts@0.99.0 typescript@5.9.3

cat >make.mjs <<'EOF'
import { writeFileSync } from "node:fs";
for (const name of ["File", "MediaFile"]) {
  const resource = { $ref: `#/components/schemas/${name}` };
  const form = {
    type: "object",
    required: ["content"],
    properties: { content: { type: "string", format: "binary" } },
  };
  const post = {
    operationId: "upload",
    requestBody: { required: true, content: { "multipart/form-data": { schema: form } } },
    responses: { 200: { description: "-", content: { "application/json": { schema: resource } } } },
  };
  const schema = { type: "object", required: ["id"], properties: { id: { type: "string" } } };
  const document = {
    openapi: "3.1.0",
    info: { title: "files", version: "1" },
    paths: { "/files": { post } },
    components: { schemas: { [name]: schema } },
  };
  writeFileSync(`${name}.json`, JSON.stringify(document));
}
EOF
node make.mjs
for name in File MediaFile; do
  npx openapi-ts --input "$name.json" --output "$name" --silent
  cat >"$name.ts" <<EOF
import type { UploadData } from "./$name/types.gen";
export const metadata: UploadData["body"] = { content: { id: "file_1" } };
EOF
done

compile() {
  npx tsc --noEmit --strict --skipLibCheck --lib es2022,dom --module esnext \
    --moduleResolution bundler "$1.ts" >/dev/null && echo "$1: metadata is taken for bytes" ||
    echo "$1: metadata is no file"
}

diff <(grep -h 'content: Blob' File/types.gen.ts | tr -d ' '; compile File; compile MediaFile) - <<'EOF'
content:Blob|File;
File: metadata is taken for bytes
MediaFile: metadata is no file
EOF
echo "as recorded"
