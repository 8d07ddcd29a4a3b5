import Panzoom, { type PanzoomObject } from "@panzoom/panzoom";
import { Maximize, ZoomIn, ZoomOut } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import type { FileDetails } from "../library/files";
import { texts } from "../texts";
import { ownAddress } from "../ui/format";
import { useReload } from "../ui/useReload";
import { useKeys } from "./keys";

type Props = { file: FileDetails; source: string };

const LARGEST = 12;
const DOUBLE = 2.5;
const AT_ONCE = { animate: false }; // Panzoom measures what is shown, also while it still moves

/** A picture that can be zoomed by wheel, pinch, double click, keys and buttons. */
export default function ImageView({ file, source }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const zoom = useZoom(frame, content);
  const [loaded, setLoaded] = useState(false);
  const [attempt, fail] = useReload();
  useKeys({ "+": zoom.in, "=": zoom.in, "-": zoom.out, "0": zoom.fit });
  return (
    <div className="zoom" role="group" aria-label={texts.viewer.picture}>
      <div ref={frame} className="zoom-frame">
        <div ref={content} className="zoom-content">
          {file.large && !loaded && (
            <img src={ownAddress(file.large)} alt="" className="zoom-image" data-loaded />
          )}
          <img
            key={attempt}
            src={source}
            alt={file.description || file.filename}
            draggable={false}
            className="zoom-image"
            data-loaded={loaded || undefined}
            onLoad={() => setLoaded(true)}
            onError={fail}
          />
        </div>
      </div>
      <div className="zoom-buttons">
        <ZoomButton label={texts.viewer.zoomOut} icon={ZoomOut} onClick={zoom.out} />
        <ZoomButton label={texts.viewer.fit} icon={Maximize} onClick={zoom.fit} />
        <ZoomButton label={texts.viewer.zoomIn} icon={ZoomIn} onClick={zoom.in} />
      </div>
    </div>
  );
}

type ButtonProps = { label: string; icon: typeof ZoomIn; onClick: () => void };

function ZoomButton({ label, icon: Icon, onClick }: ButtonProps) {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <Icon aria-hidden="true" />
    </button>
  );
}

/** Tell whether it is larger than fits, but for what arithmetic leaves over. */
function isZoomed(zoom: PanzoomObject): boolean {
  return zoom.getScale() > 1.01;
}

type Place = { readonly current: HTMLElement | null };

function useZoom(frame: Place, content: Place) {
  const zoom = useRef<PanzoomObject>(null);
  useEffect(() => {
    if (!frame.current || !content.current) return;
    const made = Panzoom(content.current, {
      contain: "outside",
      minScale: 1,
      maxScale: LARGEST,
      step: 0.35,
      panOnlyWhenZoomed: true,
      cursor: "zoom-in",
    });
    zoom.current = made;
    const outer = frame.current;
    const toggle = (event: MouseEvent) => {
      if (isZoomed(made)) made.reset(AT_ONCE);
      else made.zoomToPoint(DOUBLE, event, AT_ONCE);
    };
    const grabbing = () => made.setStyle("cursor", isZoomed(made) ? "grab" : "zoom-in");
    outer.addEventListener("wheel", made.zoomWithWheel, { passive: false });
    outer.addEventListener("dblclick", toggle);
    content.current.addEventListener("panzoomchange", grabbing);
    return () => {
      outer.removeEventListener("wheel", made.zoomWithWheel);
      outer.removeEventListener("dblclick", toggle);
      made.destroy();
    };
  }, [frame, content]);
  return {
    in: useCallback(() => void zoom.current?.zoomIn(AT_ONCE), []),
    out: useCallback(() => void zoom.current?.zoomOut(AT_ONCE), []),
    fit: useCallback(() => void zoom.current?.reset(AT_ONCE), []),
  };
}
