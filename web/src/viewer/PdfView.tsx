import "react-pdf/dist/Page/TextLayer.css";
import worker from "pdfjs-dist/build/pdf.worker.min.mjs?worker&url";
import { Suspense, useEffect, useMemo, useRef, useState } from "react";
import { Document, Page, PasswordResponses, pdfjs } from "react-pdf";
import { inWords } from "../api/errors";
import { texts } from "../texts";
import { useReload } from "../ui/useReload";
import { type PasswordRequest, PdfLocked, PdfPassword } from "./PdfPassword";

pdfjs.GlobalWorkerOptions.workerSrc = worker;

const WIDEST = 960;
const MARGIN = 32;

/** The pages of a PDF below each other; those far from sight are not drawn. */
export default function PdfView({ source }: { source: string }) {
  const scroller = useRef<HTMLDivElement>(null);
  const width = useWidth(scroller);
  const [pages, setPages] = useState(0);
  const [request, setRequest] = useState<PasswordRequest | null>(null);
  const [asking, setAsking] = useState(true);
  const [attempt, fail] = useReload();
  // biome-ignore lint/correctness/useExhaustiveDependencies: with other options it loads again
  const options = useMemo(() => ({}), [attempt]);
  const waiting = !request ? (
    <p className="stage-waiting" />
  ) : asking ? (
    <PdfPassword request={request} onCancel={() => setAsking(false)} />
  ) : (
    <PdfLocked onOpen={() => setAsking(true)} />
  );
  return (
    <section ref={scroller} className="pdf takes-arrows" tabIndex={0} aria-label={texts.viewer.pdf}>
      <Suspense fallback={waiting}>
        <Document
          file={source}
          options={options}
          onLoadError={fail}
          onPassword={(answer, reason) =>
            setRequest({ answer, wrong: reason === PasswordResponses.INCORRECT_PASSWORD })
          }
          error={
            <div className="viewer-empty" role="alert">
              <p>{inWords(null)}</p>
            </div>
          }
          onLoadSuccess={(document) => setPages(document.numPages)}
        >
          {width > 0 &&
            Array.from({ length: pages }, (_, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a page's number is what it is
              <PageNearSight key={at} number={at + 1} pages={pages} width={width} />
            ))}
        </Document>
      </Suspense>
    </section>
  );
}

type PageProps = { number: number; pages: number; width: number };

function PageNearSight({ number, pages, width }: PageProps) {
  const place = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(number <= 2);
  const [shape, setShape] = useState(Math.SQRT2);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const observer = new IntersectionObserver(
      ([entry]) => setNear(entry?.isIntersecting ?? false),
      { rootMargin: "1200px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={place} className="pdf-page" style={{ width, minHeight: width * shape }}>
      {near && (
        <Page
          pageNumber={number}
          width={width}
          renderAnnotationLayer={false}
          onLoadSuccess={(page) => setShape(page.originalHeight / page.originalWidth)}
        />
      )}
      <p className="pdf-number">{texts.viewer.page(number, pages)}</p>
    </div>
  );
}

function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => {
      const inner = entry?.contentRect.width ?? 0;
      setWidth(Math.min(inner - MARGIN, WIDEST));
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
