#!/usr/bin/env bash
# A WebVTT cue one day into a recording, read and written again
#
# Guess:   unchanged: hours are "two or more ASCII digits" (WebVTT, section 4.1, WebVTT timestamp).
# Happens: the parser reads 86,400,000 ms rightly. The writer takes whole days out of the hours and
#          puts them into the fraction: "00:00:00.86400000", the beginning of the recording.
# With:    subtitle 4.2.2 (npm).
# Means:   captions of surveillance and live recordings break at an hour that no short test reaches.
#          A media API should test times past 24 and past 100 hours.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund subtitle@4.2.2

cat >hours.js <<'EOF'
const { parseSync, stringifySync } = require("subtitle");
for (const times of [
  "23:59:58.000 --> 23:59:59.000",
  "24:00:00.000 --> 24:00:01.000",
  "100:00:00.000 --> 100:00:01.000",
]) {
  const nodes = parseSync(`WEBVTT\n\n${times}\nHello\n`);
  const written = stringifySync(nodes, { format: "WebVTT" });
  console.log(nodes[1].data.start, "ms,", written.split("\n").find((line) => line.includes("-->")));
}
EOF

diff <(node hours.js) - <<'EOF'
86398000 ms, 23:59:58.000 --> 23:59:59.000
86400000 ms, 00:00:00.86400000 --> 00:00:01.86400000
360000000 ms, 04:00:00.345600000 --> 04:00:01.345600000
EOF
echo "as recorded"
