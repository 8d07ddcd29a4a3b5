import { texts } from "../texts";
import { formatBytes, formatDuration, formatMoment } from "../ui/format";

/** What is told of a file, in groups: a heading and pairs of a label and a value. */
export type Facts = { title: string; rows: [label: string, value: string][] };

type Json = Record<string, unknown>;

const CAMERA = [
  "camera_make",
  "camera_model",
  "lens_model",
  "exposure_time",
  "f_number",
  "iso",
  "focal_length",
  "taken_at",
  "artist",
  "copyright",
];
const MEDIA = ["title", "artist", "album", "genre", "date"];
const STREAM = ["codec_name", "frame_rate", "sample_rate", "channel_layout"];
const DOCUMENT = [
  "title",
  "author",
  "subject",
  "pages",
  "words",
  "lines",
  "slides",
  "sheets",
  "encoding",
  "language",
  "created",
  "creator",
];
const PICTURE = ["format", "color_mode", "icc_profile", "animated"];
const ARCHIVE = ["entries", "total_size"];

/** Return what an analysis (docs/analysis.md) holds that people care for. */
export function factsOf(metadata: unknown): Facts[] {
  const all = object(metadata);
  const streams = Array.isArray(all["streams"]) ? all["streams"].map(object) : [];
  const groups: Facts[] = [
    { title: texts.details.camera, rows: rows(object(all["exif"]), CAMERA) },
    { title: texts.details.picture, rows: rows(all, PICTURE) },
    {
      title: texts.details.media,
      rows: [
        ...rows(object(all["tags"]), MEDIA),
        ...rows(all, ["container_name", "bit_rate"]),
        ...streams.slice(0, 2).flatMap((stream) => rows(stream, STREAM)),
      ],
    },
    { title: texts.details.document, rows: all["format"] ? [] : rows(all, DOCUMENT) },
    { title: texts.details.archive, rows: rows(all, ARCHIVE) },
  ];
  return groups.filter((group) => group.rows.length > 0);
}

export type Place = { coordinates: string; altitude: string | null };

/** Return where a picture was taken, in words and figures. */
export function placeOf(metadata: unknown): Place | null {
  const { latitude, longitude, altitude } = object(object(metadata)["gps"]);
  if (typeof latitude !== "number" || typeof longitude !== "number") {
    return null;
  }
  const [ns, ew] = [latitude < 0 ? "S" : "N", longitude < 0 ? "W" : "E"];
  return {
    coordinates: `${degrees(latitude)} ${ns}, ${degrees(longitude)} ${ew}`,
    altitude: typeof altitude === "number" ? `${Math.round(altitude)} m` : null,
  };
}

export function colorsOf(metadata: unknown): string[] {
  const colors = object(metadata)["dominant_colors"];
  return Array.isArray(colors) ? colors.filter((one) => /^#[0-9a-f]{6}$/.test(String(one))) : [];
}

function degrees(value: number): string {
  return `${Math.abs(value).toFixed(5)}°`;
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

function rows(from: Json, keys: readonly string[]): [string, string][] {
  return keys.flatMap((key): [string, string][] => {
    const value = inWords(key, from[key]);
    return value === null ? [] : [[texts.details.labels[key] ?? key, value]];
  });
}

function inWords(key: string, value: unknown): string | null {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value === "boolean") return value ? texts.details.yes : null;
  if (typeof value === "number") return ofNumber(key, value);
  if (typeof value !== "string") return null;
  return /(_at|^created)$/.test(key) && !Number.isNaN(Date.parse(value))
    ? formatMoment(value)
    : value;
}

function ofNumber(key: string, value: number): string {
  switch (key) {
    case "exposure_time":
      return value < 1 ? `1/${Math.round(1 / value)} s` : `${value} s`;
    case "f_number":
      return `f/${value}`;
    case "focal_length":
      return `${value} mm`;
    case "bit_rate":
      return `${Math.round(value / 1000)} kbit/s`;
    case "frame_rate":
      return `${Math.round(value * 100) / 100} fps`;
    case "sample_rate":
      return `${value / 1000} kHz`;
    case "total_size":
      return formatBytes(value);
    case "duration":
      return formatDuration(value);
    default:
      return String(value);
  }
}
