// Uploads one File object in two variables, as Apollo's upload client does: extract-files finds
// both places, and the request has one part for them. Prints the response as JSON.
//
//   node one_file_twice.mjs URL TOKEN

import { File } from "node:buffer";

import extractFiles from "extract-files/extractFiles.mjs";
import isExtractableFile from "extract-files/isExtractableFile.mjs";

const [url, token] = process.argv.slice(2);
const file = new File(["the same bytes"], "a.txt", { type: "text/plain" });
const query = `
  mutation ($a: Upload!, $many: [Upload!]!) {
    upload(file: $a) { id filename size }
    uploadMany(files: $many) { id filename size }
  }`;

const { clone, files } = extractFiles(
  { query, variables: { a: file, many: [file, file] } },
  isExtractableFile,
);
const form = new FormData();
form.set("operations", JSON.stringify(clone));
form.set("map", JSON.stringify(Object.fromEntries([...files.values()].map((paths, n) => [n, paths]))));
[...files.keys()].forEach((each, n) => form.set(n, each));
const response = await fetch(url, {
  method: "POST",
  headers: { authorization: `Bearer ${token}` },
  body: form,
});
console.log(JSON.stringify(await response.json()));
