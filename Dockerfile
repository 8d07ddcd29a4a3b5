# The server and its workers, in one image: `docker build -t media-api .`
# Settings are MEDIA_… variables (docs/settings.md); /data is the only folder that is written to.

FROM node:20-bookworm-slim AS web
WORKDIR /srv/media
COPY web/package.json web/package-lock.json web/.npmrc web/
RUN npm --prefix web ci
COPY schema/schema.graphql schema/
COPY web web
RUN npm --prefix web run build

FROM python:3.11-slim-bookworm AS python
WORKDIR /srv/media
RUN python -m venv /opt/media
COPY requirements.txt .
RUN /opt/media/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --requirement requirements.txt
COPY . .
RUN /opt/media/bin/python -m compileall -q /opt/media/lib .

FROM python:3.11-slim-bookworm
# Debian's security updates come with a rebuild; the versions of what files are read with are the release's.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      bubblewrap fonts-dejavu-core fonts-wqy-microhei libmagic1 \
      tesseract-ocr tesseract-ocr-deu tesseract-ocr-eng tesseract-ocr-fra tesseract-ocr-ita \
      tesseract-ocr-osd tesseract-ocr-por tesseract-ocr-spa \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin media \
 && install -d -o media -g media -m 0700 /data
COPY --from=python /opt/media /opt/media
COPY --from=python /srv/media /srv/media
COPY --from=web /srv/media/web/dist /srv/media/web/dist
WORKDIR /srv/media
ENV PATH=/opt/media/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MEDIA_HOST=0.0.0.0 \
    MEDIA_PORT=8000 \
    MEDIA_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['MEDIA_PORT']}/readyz\", timeout=4)"]
ENTRYPOINT ["python", "-m", "cli.main"]
CMD ["serve"]
