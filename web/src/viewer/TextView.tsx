import { useQuery } from "@tanstack/react-query";
import { inWords } from "../api/errors";
import type { FileDetails } from "../library/files";
import { texts } from "../texts";
import { fetchFile } from "./links";

const MOST_BYTES = 512 * 1024;

/** The beginning of a text file, as it stands. */
export function TextView({ file }: { file: FileDetails }) {
  const { data, error } = useQuery({
    queryKey: ["content", file.id, file.checksum],
    queryFn: async () => (await fetchFile(file, MOST_BYTES)).text(),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error && data === undefined) {
    return (
      <div className="viewer-empty" role="alert">
        <p>{inWords(error)}</p>
      </div>
    );
  }
  return (
    <section className="text-view takes-arrows" tabIndex={0} aria-label={texts.viewer.text}>
      <pre>{data}</pre>
      {file.size > MOST_BYTES && <p className="quiet">{texts.viewer.textCut}</p>}
    </section>
  );
}
