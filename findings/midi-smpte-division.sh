#!/usr/bin/env bash
# The duration of a MIDI file in SMPTE time
#
# Guess:   2 seconds: 2,000 ticks at 25 frames a second and 40 ticks a frame. A division whose top
#          bit is set holds frames and ticks, not ticks per quarter note (Standard MIDI Files 1.0,
#          "Header Chunks", division).
# Happens: the division is read as the number -6360 of ticks per beat. The file lasts less than
#          nothing, without an error.
# With:    mido 1.3.3 (PyPI).
# Means:   a media API that stores durations must refuse negative ones wherever they come from, and
#          needs a MIDI file with SMPTE division among its samples.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check mido==1.3.3

cat >duration.py <<'EOF'
import io
import struct

import mido

EVENTS = bytes.fromhex("00 90 3c 40  8f 50 80 3c 40  00 ff 2f 00")  # a note of 2,000 ticks, the end


def midi(division: bytes) -> mido.MidiFile:
    head = b"MThd" + struct.pack(">IHH", 6, 0, 1) + division
    return mido.MidiFile(file=io.BytesIO(head + b"MTrk" + struct.pack(">I", len(EVENTS)) + EVENTS))


quarters = midi(struct.pack(">H", 500))  # 500 ticks a quarter note, at 120 quarter notes a minute
smpte = midi(struct.pack("bB", -25, 40))  # 25 frames a second, 40 ticks a frame
print("500 a quarter note:", quarters.length, "s")
print("25 frames, 40 ticks:", round(smpte.length, 3), "s,", smpte.ticks_per_beat, "ticks a beat")
EOF

diff <(bin/python duration.py) - <<'EOF'
500 a quarter note: 2.0 s
25 frames, 40 ticks: -0.157 s, -6360 ticks a beat
EOF
echo "as recorded"
