#!/usr/bin/env bash
# The size of an SVG image with commas in its viewBox, and of one in picas
#
# Guess:   20 x 10, as numbers in viewBox are "separated by whitespace and/or a comma" (SVG 1.1,
#          section 7.7; SVG 2, section 8.6); and 96 x 96 for 6pc, as 1pc is 1/6 of an inch (CSS Values 4, section 6.2).
# Happens: image-size returns no size for the commas, without an error, and 1 x 1 for the picas.
# With:    image-size 2.1.0 (npm); probe-image-size 7.5.0 reads both.
# Means:   both forms are valid. A media API should take the size of an SVG image from
#          the renderer that makes its preview, and check that a width is a number before it uses it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund image-size@2.1.0 probe-image-size@7.5.0

cat >size.js <<'EOF'
const { imageSize } = require("image-size");
const probe = require("probe-image-size");
for (const attributes of [
  'viewBox="0 0 20 10"',
  'viewBox="0,0,20,10"',
  'width="1in" height="1in"',
  'width="6pc" height="6pc"',
]) {
  const image = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${attributes}/>`);
  const a = imageSize(image);
  const b = probe.sync(image);
  console.log(attributes, "image-size:", a.width, a.height, "probe:", b.width + b.wUnits, b.height + b.hUnits);
}
EOF

diff <(node size.js) - <<'EOF'
viewBox="0 0 20 10" image-size: 20 10 probe: 20px 10px
viewBox="0,0,20,10" image-size: undefined undefined probe: 20px 10px
width="1in" height="1in" image-size: 96 96 probe: 1in 1in
width="6pc" height="6pc" image-size: 1 1 probe: 6pc 6pc
EOF
echo "as recorded"
