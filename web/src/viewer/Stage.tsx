import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect, useState } from "react";
import { inWords } from "../api/errors";
import type { FileDetails } from "../library/files";
import { Glyph } from "../library/Tile";
import { texts } from "../texts";
import { formatKind, isText, ownAddress } from "../ui/format";
import { lazily } from "../ui/lazily";
import { useReload } from "../ui/useReload";
import { mediaSource, releaseSource } from "./links";
import { TextView } from "./TextView";

const ImageView = lazily(() => import("./ImageView"));
const PdfView = lazily(() => import("./PdfView"));

const SHOWN_BY_BROWSERS = new Set([
  "image/apng",
  "image/avif",
  "image/bmp",
  "image/gif",
  "image/jpeg",
  "image/png",
  "image/webp",
]);

type Props = { file: FileDetails; own: boolean };

/** The file itself, by the viewer for its kind. */
export function Stage({ file, own }: Props) {
  return <Suspense fallback={<Waiting />}>{view({ file, own })}</Suspense>;
}

function view({ file, own }: Props) {
  const family = file.mimeType.split("/")[0];
  if (SHOWN_BY_BROWSERS.has(file.mimeType)) {
    return (
      <WithSource
        file={file}
        own={own}
        show={(source) => <ImageView file={file} source={source} />}
      />
    );
  }
  if (family === "video" || family === "audio") {
    return (
      <WithSource
        file={file}
        own={own}
        show={(source) => <Playing file={file} source={source} />}
      />
    );
  }
  if (file.mimeType === "application/pdf") {
    return <WithSource file={file} own={own} show={(source) => <PdfView source={source} />} />;
  }
  if (isText(file.mimeType)) {
    return <TextView file={file} />;
  }
  if (file.large) {
    return <ImageView file={file} source={ownAddress(file.large)} />;
  }
  return (
    <div className="viewer-empty">
      <Glyph mimeType={file.mimeType} />
      <p>{texts.viewer.noPreview}</p>
      <p className="quiet">{formatKind(file.mimeType)}</p>
    </div>
  );
}

type WithSourceProps = Props & { show: (source: string) => React.ReactNode };

function WithSource({ file, own, show }: WithSourceProps) {
  const { data: source, error } = useQuery({
    queryKey: ["source", file.id, file.checksum],
    queryFn: () => mediaSource(file, own),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  useEffect(() => () => releaseSource(source ?? ""), [source]);
  if (error && source === undefined) {
    return (
      <div className="viewer-empty" role="alert">
        <p>{inWords(error)}</p>
      </div>
    );
  }
  return source === undefined ? <Waiting /> : show(source);
}

function Waiting() {
  return (
    <p className="stage-waiting" role="status">
      <span className="visually-hidden">{texts.viewer.loading}</span>
    </p>
  );
}

function Playing(props: { file: FileDetails; source: string }) {
  const [attempt, fail] = useReload();
  return <Player key={attempt} {...props} onFail={fail} />;
}

type PlayerProps = { file: FileDetails; source: string; onFail: () => void };

/** The browser's own player: it streams, seeks, and is known to everybody. */
function Player({ file, source, onFail }: PlayerProps) {
  const [failed, setFailed] = useState(false);
  if (failed) {
    return (
      <div className="viewer-empty" role="alert">
        <Glyph mimeType={file.mimeType} />
        <p>{texts.viewer.noPlay}</p>
      </div>
    );
  }
  const poster = file.large ? ownAddress(file.large) : undefined;
  const fails = () => {
    setFailed(true);
    onFail();
  };
  if (file.mimeType.startsWith("audio/")) {
    return (
      <div className="listening">
        {poster ? (
          <Cover source={poster} mimeType={file.mimeType} />
        ) : (
          <Glyph mimeType={file.mimeType} />
        )}
        <audio
          controls
          preload="metadata"
          src={source}
          aria-label={file.filename}
          onError={fails}
        />
      </div>
    );
  }
  return (
    <video
      controls
      playsInline
      preload="metadata"
      src={source}
      poster={poster}
      aria-label={file.filename}
      width={file.width ?? undefined}
      height={file.height ?? undefined}
      onError={fails}
    />
  );
}

/** The cover of a sound where it has one that loads, else its glyph. */
function Cover({ source, mimeType }: { source: string; mimeType: string }) {
  const [loaded, setLoaded] = useState(false);
  return (
    <>
      {!loaded && <Glyph mimeType={mimeType} />}
      <img src={source} alt="" hidden={!loaded} onLoad={() => setLoaded(true)} />
    </>
  );
}
