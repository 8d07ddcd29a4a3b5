#!/usr/bin/env bash
# The photo of a vCard 4.0
#
# Guess:   the whole URI, "data:image/png;base64,iVBORw0K": RFC 6350, section 6.2.4 has a PHOTO of
#          just this form among its examples, and a URI value has no semicolon to escape.
# Happens: the value ends at the semicolon, and the image is gone. Written again, the card holds a
#          URI with an escaped semicolon and no data, without an error.
# With:    vobject 0.9.9 (PyPI).
# Means:   a media API that shows contacts or extracts their photos needs a vCard 4.0 among its
#          samples, beside the more common 3.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check vobject==0.9.9

cat >photo.py <<'EOF'
import vobject

CARD = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann\r\nPHOTO:data:image/png;base64,iVBORw0K\r\nEND:VCARD\r\n"
card = vobject.readOne(CARD)
print(card.photo.value)
print(card.serialize().replace("\r", ""), end="")
EOF

diff <(bin/python photo.py) - <<'EOF'
data:image/png;base64
BEGIN:VCARD
VERSION:4.0
FN:Ann
PHOTO:data:image/png\;base64
END:VCARD
EOF
echo "as recorded"
