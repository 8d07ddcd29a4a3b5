#!/usr/bin/env bash
# Two photos taken at one moment, by cameras set to Paris and to London time
#
# Guess:   one Date: OffsetTimeOriginal holds the UTC offset of DateTimeOriginal (Exif 2.31 and
#          later, section 4.6.5), and a JavaScript Date is a moment.
# Happens: exifr makes a Date of DateTimeOriginal in the time zone of the server and hands back the
#          offset beside it. Photos of one moment are an hour apart.
# With:    exifr 7.1.3 (npm).
# Means:   a gallery sorted by these dates mixes up the photos of two phones. A media API should keep
#          local time and offset, and make the moment of both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund exifr@7.1.3

cat >taken.js <<'EOF'
const exifr = require("exifr");

const u16 = (n) => Buffer.from([n >> 8, n & 255]);
const u32 = (n) => Buffer.concat([u16(n >>> 16), u16(n & 65535)]);
const field = (tag, type, count, value) => Buffer.concat([u16(tag), u16(type), u32(count), u32(value)]);

/** A JPEG with nothing but an Exif segment: one directory that points to the other. */
function photo(time, offset) {
  const tiff = Buffer.concat([
    Buffer.from("MM\0*"), u32(8),
    u16(1), field(0x8769, 4, 1, 26), u32(0),
    u16(2), field(0x9003, 2, 20, 56), field(0x9011, 2, 7, 76), u32(0),
    Buffer.from(`${time}\0${offset}\0`),
  ]);
  const segment = Buffer.concat([Buffer.from("Exif\0\0"), tiff]);
  const [start, end] = [Buffer.from([255, 0xd8, 255, 0xe1]), Buffer.from([255, 0xd9])];
  return Buffer.concat([start, u16(segment.length + 2), segment, end]);
}

(async () => {
  for (const [time, offset] of [["2024:07:14 11:00:00", "+02:00"], ["2024:07:14 10:00:00", "+01:00"]]) {
    const taken = await exifr.parse(photo(time, offset));
    console.log(taken.DateTimeOriginal.toISOString(), taken.OffsetTimeOriginal);
  }
})();
EOF

diff <(TZ=UTC node taken.js) - <<'EOF'
2024-07-14T11:00:00.000Z +02:00
2024-07-14T10:00:00.000Z +01:00
EOF
echo "as recorded"
