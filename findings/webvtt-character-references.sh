#!/usr/bin/env bash
# The words of a WebVTT cue that holds "&amp;" and "&lt;"
#
# Guess:   "Q&A: is 1 < 2?": cue text has HTML character references (WebVTT, section 4.2.2), so the
#          text without tags has their characters.
# Happens: webvtt-py removes the tags but keeps the references. pysubs2 keeps them as well, and writes
#          them to SubRip, which has no references: players show "Q&amp;A".
# With:    webvtt-py 0.6.0, pysubs2 1.8.1 (PyPI).
# Means:   a media API that indexes captions must unescape after it removes the tags. In the other
#          order "&lt;b&gt;" becomes a tag and its words are lost.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check webvtt-py==0.6.0 pysubs2==1.8.1

cat >captions.py <<'EOF'
import pysubs2
import webvtt

CAPTIONS = """WEBVTT

00:01.000 --> 00:02.000
<v Ann>Q&amp;A: is <i>1</i> &lt; 2?
"""
print("webvtt-py:", webvtt.from_string(CAPTIONS)[0].text)
subtitles = pysubs2.SSAFile.from_string(CAPTIONS)
print("pysubs2:", subtitles[0].plaintext)
print("as SubRip:", subtitles.to_string("srt").splitlines()[2])
EOF

diff <(bin/python captions.py) - <<'EOF'
webvtt-py: Q&amp;A: is 1 &lt; 2?
pysubs2: Q&amp;A: is 1 &lt; 2?
as SubRip: Q&amp;A: is <i>1</i> &lt; 2?
EOF
echo "as recorded"
