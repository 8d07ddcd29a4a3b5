// What the contract's examples use of a browser and Node has not: a file input, downloads by a
// link, and XMLHttpRequest. All of it moves real bytes: files on disk, requests on the network.

import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";

const INPUTS = {
  fileInput: ["photo.jpg"],
  multiFileInput: ["document.txt", "photo.jpg", "document.pdf"],
};
const PIECE_BYTES = 8192;

globalThis.fileFrom = (name) => new File([readFileSync(name)], name);

const objectUrls = new Map();

globalThis.window = globalThis;
URL.createObjectURL = (blob) => {
  const url = `blob:${objectUrls.size}`;
  objectUrls.set(url, blob);
  return url;
};
URL.revokeObjectURL = (url) => objectUrls.delete(url);

class Link {
  click() {
    const blob = objectUrls.get(this.href);
    blob.arrayBuffer().then((bytes) => writeFileSync(this.download, Buffer.from(bytes)));
  }

  remove() {}
}

globalThis.document = {
  getElementById: (id) => ({ files: INPUTS[id].map(fileFrom) }),
  createElement: () => new Link(),
  body: { appendChild() {} },
};

globalThis.XMLHttpRequest = class extends EventTarget {
  upload = new EventTarget();
  status = 0;
  responseText = "";
  #headers = {};

  open(method, url) {
    this.#method = method;
    this.#url = url;
  }

  setRequestHeader(name, value) {
    this.#headers[name] = value;
  }

  async send(form) {
    const encoded = new Response(form); // encodes as the Fetch standard says
    const body = Buffer.from(await encoded.arrayBuffer());
    const headers = {
      ...this.#headers,
      "Content-Type": encoded.headers.get("content-type"),
      "Content-Length": body.length,
    };
    const sending = request(this.#url, { method: this.#method, headers }, (response) =>
      this.#receive(response),
    );
    sending.on("error", () => this.dispatchEvent(new Event("error")));
    for (let start = 0; start < body.length; start += PIECE_BYTES) {
      const piece = body.subarray(start, start + PIECE_BYTES);
      await new Promise((resolve) => sending.write(piece, resolve));
      const progress = { lengthComputable: true, loaded: start + piece.length, total: body.length };
      this.upload.dispatchEvent(Object.assign(new Event("progress"), progress));
    }
    sending.end();
  }

  #method = "";
  #url = "";

  async #receive(response) {
    response.setEncoding("utf8");
    for await (const text of response) this.responseText += text;
    this.status = response.statusCode;
    this.dispatchEvent(new Event("load"));
  }
};
