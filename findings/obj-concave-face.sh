#!/usr/bin/env bash
# The area of one concave face of an OBJ model, written from two starting corners
#
# Guess:   0.4 twice: a face is the polygon through its vertices (Wavefront OBJ, "f"), whichever comes
#          first, and the shoelace formula gives 0.4 for this arrowhead.
# Happens: trimesh splits faces into triangles around the first vertex. From the inner corner that is
#          right; from another the triangles overlap outside of the face, and the area is 3.6.
# With:    trimesh 5.2.0 (PyPI).
# Means:   previews of models from CAD and drawing programs fill notches, and areas and volumes are
#          wrong without a warning. A media API should triangulate concave faces properly.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check trimesh==5.2.0 numpy==2.4.6

cat >area.py <<'EOF'
import io

import trimesh

VERTICES = "v 0 0 0\nv 2 0 0\nv 0.2 0.2 0\nv 0 2 0\n"
for face in ("1 2 3 4", "2 3 4 1", "3 4 1 2", "4 1 2 3"):
    model = trimesh.load(io.BytesIO(f"{VERTICES}f {face}\n".encode()), file_type="obj")
    print(face, round(model.area, 6))
EOF

diff <(bin/python area.py) - <<'EOF'
1 2 3 4 0.4
2 3 4 1 3.6
3 4 1 2 0.4
4 1 2 3 3.6
EOF
echo "as recorded"
