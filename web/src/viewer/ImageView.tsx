import { Maximize, ZoomIn, ZoomOut } from "lucide-react";
import { useState } from "react";
import { TransformComponent, TransformWrapper } from "react-zoom-pan-pinch";
import type { FileDetails } from "../library/files";
import { texts } from "../texts";
import { ownAddress } from "../ui/format";

type Props = { file: FileDetails; source: string };

/** A picture that can be zoomed by wheel, pinch, double click, keys and buttons. */
export default function ImageView({ file, source }: Props) {
  const [loaded, setLoaded] = useState(false);
  const preview = file.large && !loaded ? ownAddress(file.large) : null;
  return (
    <TransformWrapper
      doubleClick={{ mode: "toggle", step: 1.2 }}
      minScale={1}
      maxScale={12}
      centerOnInit
      wheel={{ step: 0.15 }}
    >
      {({ zoomIn, zoomOut, resetTransform }) => (
        <>
          <TransformComponent wrapperClass="zoom" contentClass="zoom-content">
            {preview && <img src={preview} alt="" className="zoom-preview" />}
            <img
              src={source}
              alt={file.description || file.filename}
              width={file.width ?? undefined}
              height={file.height ?? undefined}
              className="zoom-image"
              data-loaded={loaded || undefined}
              onLoad={() => setLoaded(true)}
            />
          </TransformComponent>
          <div className="zoom-buttons">
            <button
              type="button"
              className="icon-button"
              aria-label={texts.viewer.zoomOut}
              onClick={() => zoomOut()}
            >
              <ZoomOut aria-hidden="true" />
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label={texts.viewer.fit}
              onClick={() => resetTransform()}
            >
              <Maximize aria-hidden="true" />
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label={texts.viewer.zoomIn}
              onClick={() => zoomIn()}
            >
              <ZoomIn aria-hidden="true" />
            </button>
          </div>
        </>
      )}
    </TransformWrapper>
  );
}
