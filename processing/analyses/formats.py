"""What formats are called, and which extensions belong to them."""

from typing import Any, Final, NamedTuple

from processing.kinds import Kind, kind_of
from processing.task import Source

_OOXML: Final = "application/vnd.openxmlformats-officedocument"
_ODF: Final = "application/vnd.oasis.opendocument"


class Format(NamedTuple):
    """A format's human name, and its extensions, the usual one first."""

    name: str
    extensions: tuple[str, ...]


_LINES: Final = f"""
image/jpeg | JPEG image | jpg jpeg jpe jfif
image/png | PNG image | png apng
image/webp | WebP image | webp
image/gif | GIF image | gif
image/tiff | TIFF image | tif tiff
image/bmp | BMP image | bmp dib
image/x-ms-bmp | BMP image | bmp dib
image/avif | AVIF image | avif
image/heic | HEIC image | heic heif hif
image/heif | HEIF image | heif heic hif
image/svg+xml | SVG drawing | svg
image/vnd.adobe.photoshop | Photoshop image | psd
image/vnd.microsoft.icon | Windows icon | ico
image/x-icon | Windows icon | ico
application/pdf | PDF document | pdf ai
application/postscript | PostScript document | ps eps ai
video/mp4 | MPEG-4 video | mp4 m4v
video/quicktime | QuickTime video | mov qt
video/webm | WebM video | webm
video/x-matroska | Matroska video | mkv mka mk3d
application/x-matroska | Matroska video | mkv mka mk3d
video/x-msvideo | AVI video | avi
video/x-flv | Flash video | flv
video/x-ms-asf | Windows Media video | wmv asf wma
video/mpeg | MPEG video | mpg mpeg mpe vob
video/mp2t | MPEG transport stream | ts mts m2ts
video/3gpp | 3GPP video | 3gp 3gpp
video/ogg | Ogg video | ogv ogg
audio/mpeg | MP3 audio | mp3 mpga mp2
audio/mp4 | MPEG-4 audio | m4a mp4 m4b
audio/x-m4a | MPEG-4 audio | m4a mp4 m4b
audio/aac | AAC audio | aac
audio/x-hx-aac-adts | AAC audio | aac
audio/flac | FLAC audio | flac
audio/x-flac | FLAC audio | flac
audio/ogg | Ogg audio | ogg oga opus spx
application/ogg | Ogg media | ogg ogv oga ogx
audio/wav | WAV audio | wav
audio/x-wav | WAV audio | wav
audio/x-caf | Core Audio sound | caf
audio/x-aiff | AIFF audio | aiff aif aifc
audio/midi | MIDI music | mid midi
audio/amr | AMR audio | amr
{_OOXML}.wordprocessingml.document | Word document | docx docm
{_OOXML}.presentationml.presentation | PowerPoint presentation | pptx pptm ppsx
{_OOXML}.spreadsheetml.sheet | Excel workbook | xlsx xlsm
{_ODF}.text | OpenDocument text | odt
{_ODF}.presentation | OpenDocument presentation | odp
{_ODF}.spreadsheet | OpenDocument spreadsheet | ods
application/epub+zip | EPUB book | epub
application/msword | Word 97-2003 document | doc dot
application/vnd.ms-excel | Excel 97-2003 workbook | xls
application/vnd.ms-powerpoint | PowerPoint 97-2003 presentation | ppt pps
text/html | HTML document | html htm
application/xhtml+xml | XHTML document | xhtml xht html
text/rtf | Rich Text document | rtf
application/rtf | Rich Text document | rtf
message/rfc822 | E-mail message | eml mht mhtml
text/plain | Plain text | txt text log
text/markdown | Markdown text | md markdown
text/csv | CSV table | csv
text/tab-separated-values | TSV table | tsv tab
text/css | CSS style sheet | css
text/javascript | JavaScript source code | js mjs cjs
application/javascript | JavaScript source code | js mjs cjs
text/x-typescript | TypeScript source code | ts mts tsx
text/x-python | Python source code | py pyi
text/x-c | C source code | c h
text/x-c++ | C++ source code | cpp cc cxx hpp hh h
text/x-go | Go source code | go
text/x-java | Java source code | java
text/x-rust | Rust source code | rs
text/x-ruby | Ruby source code | rb
text/x-php | PHP source code | php
text/x-perl | Perl source code | pl pm
text/x-shellscript | Shell script | sh bash
text/calendar | iCalendar | ics
text/vcard | vCard | vcf
text/vtt | WebVTT subtitles | vtt
text/xml | XML document | xml xsd xsl rss
application/xml | XML document | xml xsd xsl rss
application/json | JSON data | json geojson
application/x-ndjson | JSON lines | ndjson jsonl
application/yaml | YAML data | yaml yml
application/toml | TOML data | toml
application/zip | ZIP archive | zip
application/java-archive | Java archive | jar war ear
application/x-tar | TAR archive | tar
application/gzip | gzip archive | gz tgz svgz
application/x-gzip | gzip archive | gz tgz svgz
application/x-bzip2 | bzip2 archive | bz2 tbz tbz2
application/x-xz | xz archive | xz txz
application/zstd | Zstandard archive | zst
application/x-7z-compressed | 7-Zip archive | 7z
application/vnd.rar | RAR archive | rar
application/x-rar | RAR archive | rar
application/vnd.sqlite3 | SQLite database | sqlite sqlite3 db
application/x-sqlite3 | SQLite database | sqlite sqlite3 db
application/wasm | WebAssembly module | wasm
font/ttf | TrueType font | ttf
font/sfnt | TrueType font | ttf otf
font/otf | OpenType font | otf
font/woff | Web font | woff
font/woff2 | Web font | woff2
"""


def _parsed() -> dict[str, Format]:
    rows = [line.split(" | ") for line in _LINES.strip().splitlines()]
    return {kind: Format(name, tuple(extensions.split())) for kind, name, extensions in rows}


FORMATS: Final = _parsed()
_EXTENSIONS: Final = {
    extension: kind for kind, known in FORMATS.items() for extension in known.extensions
}


def name_of(source: Source) -> str:
    """Return the human name of the format: ours if known, libmagic's words otherwise."""
    known = FORMATS.get(source.content_type)
    return known.name if known else _described(source)


def extension_facts(source: Source) -> dict[str, Any]:
    """Return ``extension``, and whether it belongs to the content: None where nobody can say."""
    matches = _matches(source)
    facts: dict[str, Any] = {"extension": source.extension, "extension_matches": matches}
    if matches is False:
        facts["expected_extensions"] = list(FORMATS[source.content_type].extensions)
    return facts


def _matches(source: Source) -> bool | None:
    known = FORMATS.get(source.content_type)
    if known is None or not source.extension:
        return None
    if source.extension in known.extensions:
        return True
    # Plain text may have any extension that is not that of another family.
    other = _EXTENSIONS.get(source.extension)
    plain = kind_of(source.content_type) is Kind.TEXT
    return None if plain and (other is None or kind_of(other) is Kind.TEXT) else False


def _described(source: Source) -> str:
    from processing.analyses.magic_words import described  # noqa: PLC0415 - only for unknown files

    return described(source)
