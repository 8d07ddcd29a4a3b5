#!/usr/bin/env bash
# The type of an AVIF image whose major brand is mif1, and of an AVIF animation
#
# Guess:   image/avif for both: "avif" is in the list of compatible brands, and any brand in the list
#          tells what can read the file (ISO/IEC 14496-12, section 4.3; AV1 Image File Format, "Brands").
# Happens: file-type calls the image HEIF, and filetype does not know the animation. Pillow, which
#          decodes them, opens both as AVIF.
# With:    file-type 21.3.4 (npm), filetype 1.2.0 (PyPI).
# Means:   a media API that trusts one detector refuses valid images or labels them wrongly. It should
#          read the whole list of brands.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check pillow==13.0.0 filetype==1.2.0
npm install --silent --no-audit --no-fund file-type@21.3.4

cat >detect.py <<'EOF'
from pathlib import Path

import filetype
from PIL import Image

frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
frames[0].save("plain.avif")
frames[0].save("moving.avif", save_all=True, append_images=frames[1:])
plain = Path("plain.avif").read_bytes()
assert plain[4:12] == b"ftypavif" and b"mif1" in plain[16:32]  # both brands are in the list
Path("mif1.avif").write_bytes(plain[:8] + b"mif1" + plain[12:])
for name in ("plain.avif", "mif1.avif", "moving.avif"):
    assert Image.open(name).format == "AVIF"
    print(name, "filetype:", filetype.guess_mime(Path(name).read_bytes()))
EOF
cat >detect.mjs <<'EOF'
import { fileTypeFromFile } from "file-type";
for (const name of ["plain.avif", "mif1.avif", "moving.avif"])
  console.log(name, "file-type:", (await fileTypeFromFile(name)).mime);
EOF

diff <(bin/python detect.py; node detect.mjs) - <<'EOF'
plain.avif filetype: image/avif
mif1.avif filetype: image/avif
moving.avif filetype: None
plain.avif file-type: image/avif
mif1.avif file-type: image/heif
moving.avif file-type: image/avif
EOF
echo "as recorded"
