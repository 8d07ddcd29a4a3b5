#!/usr/bin/env bash
# The duration of a WAVE file in IMA ADPCM
#
# Guess:   6.3125 seconds: 100 blocks of 505 samples, 8,000 a second. The fact chunk says 50,500
#          samples (Microsoft, New Multimedia Data Types and Data Techniques, 1994, "DVI ADPCM").
# Happens: mutagen divides the bytes by the block size as if one block were one sample: 0.0125 s.
#          tinytag is right.
# With:    mutagen 1.48.1; tinytag 2.3.2 (PyPI).
# Means:   telephone systems and dictation machines write ADPCM. A media API that shows such a
#          duration, or bills by it, is wrong by the samples of a block.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check mutagen==1.48.1 tinytag==2.3.2

cat >duration.py <<'EOF'
import struct
from pathlib import Path

from mutagen.wave import WAVE
from tinytag import TinyTag

BLOCKS, SIZE, SAMPLES, RATE = 100, 256, 505, 8000


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content


form = struct.pack("<HHIIHHHH", 0x11, 1, RATE, RATE * SIZE // SAMPLES, SIZE, 4, 2, SAMPLES)
chunks = chunk(b"fmt ", form) + chunk(b"fact", struct.pack("<I", BLOCKS * SAMPLES))
chunks += chunk(b"data", bytes(BLOCKS * SIZE))
Path("silence.wav").write_bytes(chunk(b"RIFF", b"WAVE" + chunks))
print("mutagen", WAVE("silence.wav").info.length)
print("tinytag", TinyTag.get("silence.wav").duration)
EOF

diff <(bin/python duration.py) - <<'EOF'
mutagen 0.0125
tinytag 6.3125
EOF
echo "as recorded"
