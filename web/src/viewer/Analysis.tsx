import { useQuery } from "@tanstack/react-query";
import { AnalyzeDocument } from "../api/documents";
import { execute } from "../api/graphql";
import type { FileDetails } from "../library/files";
import { texts } from "../texts";
import { CopyButton, Fact, FactList } from "./Details";
import { colorsOf, factsOf, placeOf } from "./facts";

/** What the file tells of itself: the camera, the place, the codec, the author. */
export function Analysis({ file }: { file: FileDetails }) {
  const { data, isPending } = useQuery({
    queryKey: ["analysis", file.checksum],
    queryFn: async () => (await execute(AnalyzeDocument, { id: file.id })).analyze.metadata,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (isPending) {
    return (
      <p className="quiet" role="status">
        {texts.details.analysing}
      </p>
    );
  }
  const place = placeOf(data);
  const colors = colorsOf(data);
  return (
    <>
      {factsOf(data).map((group) => (
        <FactList key={group.title} title={group.title}>
          {group.rows.map(([label, value]) => (
            <Fact key={label} label={label}>
              {value}
            </Fact>
          ))}
          {group.title === texts.details.picture && colors.length > 0 && (
            <Fact label={texts.details.colors}>
              <span className="swatches">
                {colors.map((color) => (
                  <span key={color} role="img" aria-label={color} style={{ background: color }} />
                ))}
              </span>
            </Fact>
          )}
        </FactList>
      ))}
      {place && (
        <FactList title={texts.details.place}>
          <Fact label={texts.details.coordinates}>
            {place.coordinates}
            <CopyButton label={texts.details.copyCoordinates} text={place.coordinates} />
          </Fact>
          {place.altitude && <Fact label={texts.details.altitude}>{place.altitude}</Fact>}
        </FactList>
      )}
    </>
  );
}
