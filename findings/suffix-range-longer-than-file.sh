#!/usr/bin/env bash
# The last 500 bytes of a file of 10 bytes
#
# Guess:   all 10 bytes: "If the selected representation is shorter than the specified suffix-length,
#          the entire representation is used" (RFC 9110, section 14.1.2).
# Happens: both libraries call the range unsatisfiable. A server built on them answers 416.
# With:    range-parser 1.3.0 (npm), Werkzeug 3.1.9 (PyPI).
# Means:   clients that read the tail first (ZIP directories, MP4 indexes, ID3v1 tags) fail on small
#          files only. A media API needs a test of this range on a file that is shorter.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check Werkzeug==3.1.9
npm install --silent --no-audit --no-fund range-parser@1.3.0

cat >range.py <<'EOF'
from werkzeug.http import parse_range_header

for value in ("bytes=-5", "bytes=-10", "bytes=-500"):
    print("Werkzeug", value, parse_range_header(value).range_for_length(10))
EOF
cat >range.js <<'EOF'
const parse = require("range-parser");
for (const value of ["bytes=-5", "bytes=-10", "bytes=-500"])
  console.log("range-parser", value, JSON.stringify(parse(10, value)));
EOF

diff <(bin/python range.py; node range.js) - <<'EOF'
Werkzeug bytes=-5 (5, 10)
Werkzeug bytes=-10 (0, 10)
Werkzeug bytes=-500 None
range-parser bytes=-5 [{"start":5,"end":9}]
range-parser bytes=-10 [{"start":0,"end":9}]
range-parser bytes=-500 -1
EOF
echo "as recorded"
