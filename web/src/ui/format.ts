const LOCALE = "en";
const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;
const decimals = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3 });
const day = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });

export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${decimals.format(size)} ${UNITS[unit]}`;
}

/** Return seconds as a player shows them: 1:05 or 1:02:03. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, at) => (at ? String(part).padStart(2, "0") : String(part))).join(":");
}

export function formatDay(time: string): string {
  return day.format(new Date(time));
}

export function formatMoment(time: string): string {
  return moment.format(new Date(time));
}

const KINDS: Record<string, string> = {
  "application/msword": "Word",
  "application/pdf": "PDF",
  "application/zip": "ZIP",
  "audio/mpeg": "MP3",
  "image/svg+xml": "SVG",
  "text/markdown": "Markdown",
  "text/plain": "Text",
  "video/quicktime": "MOV",
};

const PROGRAMS: [RegExp, string][] = [
  [/wordprocessingml|ms-word/, "Word"],
  [/spreadsheetml|ms-excel/, "Sheet"],
  [/presentationml|ms-powerpoint/, "Slides"],
];

/** Return a short name of a content type, for a label: JPEG, MP4, PDF. */
export function formatKind(mimeType: string): string {
  const name = mimeType.split("/")[1] ?? mimeType;
  const program = PROGRAMS.find(([types]) => types.test(mimeType))?.[1];
  return (
    KINDS[mimeType] ?? program ?? name.replace(/^x-/, "").split(/[.+-]/).at(-1)?.toUpperCase() ?? ""
  );
}

const TEXTS = /^text\/|^application\/(.*json|.*xml|yaml|toml|sql|x-subrip|.*mpegurl|mbox|pgp-.*)$/;

/** Tell whether a file of a content type is text that people read as it is. */
export function isText(mimeType: string): boolean {
  return TEXTS.test(mimeType);
}

/** Return the address within this server: media never come from anywhere else. */
export function ownAddress(url: string): string {
  const { pathname, search } = new URL(url, window.location.href);
  return pathname + search;
}
