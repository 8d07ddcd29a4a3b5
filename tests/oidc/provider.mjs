// The certified OpenID Connect provider, on a free port of 127.0.0.1, for tests to sign in with.
//
// Prints its issuer, and ends with its standard input. It calls itself by the host name that it is
// given, so that browsers take it for another site than the server. Whatever name is typed into its login form is
// the subject; names that begin with "unverified" have an e-mail address that nobody has checked.

import { createServer } from "node:http";

import { Provider } from "oidc-provider";

const [host, claims] = process.argv.slice(2);
const CALLBACK = "/v1/auth/oidc/callback";

const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://${host}:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "media",
      client_secret: "a secret of the tests alone",
      redirect_uris: [`http://127.0.0.1${CALLBACK}`],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  cookies: { keys: ["for tests"] },
  pkce: { methods: ["S256"], required: () => true },
  // Some providers put the claims into the token, some leave them to be asked for.
  conformIdTokenClaims: claims !== "in-token",
  findAccount: (_context, accountId) => ({
    accountId,
    claims: () => ({
      sub: accountId,
      name: accountId.toUpperCase(),
      email: `${accountId}@example.org`,
      email_verified: !accountId.startsWith("unverified"),
    }),
  }),
});

// Servers of tests listen on ports that nobody knows before.
provider.Client.prototype.redirectUriAllowed = (address) => {
  const { hostname, pathname } = new URL(address);
  return hostname === "127.0.0.1" && pathname === CALLBACK;
};

server.on("request", provider.callback());
process.stdin.resume().on("end", () => process.exit(0));
console.log(issuer);
