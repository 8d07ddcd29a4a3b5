#!/usr/bin/env bash
# A SubRip subtitle about a set and a folder, read and written again as SubRip
#
# Guess:   unchanged: SubRip has tags in angle brackets, and players also take positions such as
#          {\an8}; other braces and backslashes are text (the format has no specification).
# Happens: pysubs2 keeps every cue as Advanced SubStation text. There {…} is an override block and
#          "\n" a line break, so the words in braces vanish and the path breaks at its "\n".
# With:    pysubs2 1.8.1 (PyPI).
# Means:   captions of programming lectures lose code. A media API that passes SubRip through such a
#          converter should keep and index the original file.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check pysubs2==1.8.1

cat >braces.py <<'EOF'
import pysubs2

SUBTITLES = """1
00:00:01,000 --> 00:00:02,000
The set {a, b} is in C:\\new
"""
print(SUBTITLES)
print(pysubs2.SSAFile.from_string(SUBTITLES, format_="srt").to_string("srt"), end="")
EOF

diff <(bin/python braces.py) - <<'EOF'
1
00:00:01,000 --> 00:00:02,000
The set {a, b} is in C:\new

1
00:00:01,000 --> 00:00:02,000
The set  is in C:
ew

EOF
echo "as recorded"
