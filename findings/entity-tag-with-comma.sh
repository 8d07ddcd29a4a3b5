#!/usr/bin/env bash
# A conditional request for an entity tag that holds a comma
#
# Guess:   "fresh" (304): a comma is an etagc (%x23-7E), so "v1,full" is one entity tag
#          (RFC 9110, section 8.8.3), and it equals the one sent in If-None-Match.
# Happens: the header is split at every comma, also between the quotes. The tag never matches.
# With:    fresh 2.0.0 (npm), which Express uses to answer 304.
# Means:   a media API that builds entity tags from several values (digest, size, format) must not
#          join them by commas, or clients behind such a proxy or cache download the file each time.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund fresh@2.0.0

cat >fresh.js <<'EOF'
const fresh = require("fresh");
for (const tag of ['"v1-full"', '"v1;full"', '"v1,full"', 'W/"v1,full"'])
  console.log(tag, fresh({ "if-none-match": tag }, { etag: tag }));
EOF

diff <(node fresh.js) - <<'EOF'
"v1-full" true
"v1;full" true
"v1,full" false
W/"v1,full" false
EOF
echo "as recorded"
