// Audits a server against GraphQL over HTTP: prints a JSON list of {id, name, status, reason}.
//
//   node audits.mjs URL

import { serverAudits } from "graphql-http";

const [url] = process.argv.slice(2);
const found = [];
for (const audit of serverAudits({ url })) {
  const { id, name, status, reason = null } = await audit.fn();
  found.push({ id, name, status, reason });
}
console.log(JSON.stringify(found));
