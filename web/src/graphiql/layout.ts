const NARROW = "(max-width: 760px)"; // as in styles.css

/** Tell whether the page is so narrow that panels lie over the editors. */
export function isNarrow(): boolean {
  return matchMedia(NARROW).matches;
}
