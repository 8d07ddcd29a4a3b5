#!/usr/bin/env bash
# The middle of a sailing track of 21 km past Fiji
#
# Guess:   longitude -180: longitudes run from -180 to just below 180 degrees (GPX 1.1, longitudeType),
#          and the library's own length of this track, 21 km, takes that into account.
# Happens: gpxpy takes the mean of the numbers 179.9 and -179.9. The middle lies off Africa, and the
#          bounds span the whole earth.
# With:    gpxpy 1.6.2 (PyPI).
# Means:   a map of such a track opens at the wrong side of the world, zoomed out. A media API that
#          stores a box or a point for a track has to test one that crosses the date line.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check gpxpy==1.6.2

cat >middle.py <<'EOF'
import gpxpy

track = gpxpy.parse(
    '<gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="example"><trk><trkseg>'
    '<trkpt lat="-17" lon="179.9"/><trkpt lat="-17" lon="-179.9"/></trkseg></trk></gpx>'
).tracks[0]
print("length", round(track.length_2d() / 1000), "km")
print("middle", track.get_center().longitude)
print("bounds", track.get_bounds().min_longitude, track.get_bounds().max_longitude)
EOF

diff <(bin/python middle.py) - <<'EOF'
length 21 km
middle 0.0
bounds -179.9 179.9
EOF
echo "as recorded"
