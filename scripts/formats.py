"""Write the table of content types into docs/formats.md; run it after changing the table.

``PYTHONPATH=. .venv/bin/python scripts/formats.py``
"""

from pathlib import Path
from typing import Final

from processing import analyses, texts
from processing.content_types import CONTENT_TYPES, ContentType, Family
from processing.kinds import PREVIEWED, Kind, kind_of

PAGE: Final = Path(__file__).parent.parent / "docs" / "formats.md"
BEGIN: Final = "<!-- written by scripts/formats.py: begin -->"
END: Final = "<!-- written by scripts/formats.py: end -->"
COLUMNS: Final = (
    "| content type | name | extensions | preview | text | analysis |",
    "|---|---|---|---|---|---|",
)
NONE: Final = "\N{EN DASH}"
HEADINGS: Final = {
    Family.IMAGE: "Images",
    Family.VIDEO: "Video",
    Family.AUDIO: "Audio",
    Family.DOCUMENT: "Documents",
    Family.TEXT: "Text",
    Family.ARCHIVE: "Archives",
    Family.OTHER: "Other",
}


def tables() -> str:
    """Return a table for each family: type, extensions, and what is made of such files."""
    return "\n\n".join(_table(family) for family in Family)


def written(page: str) -> str:
    """Return the page with the tables in place of those that it holds."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _table(family: Family) -> str:
    rows = [_row(row) for row in CONTENT_TYPES.values() if row.family is family]
    return "\n".join([f"### {HEADINGS[family]} (`type={family}`)", "", *COLUMNS, *rows])


def _row(row: ContentType) -> str:
    kind = kind_of(row.name)
    made = (kind in PREVIEWED, kind in texts._MODULES, _is_analysed(kind))  # noqa: SLF001
    marks = " | ".join("yes" if one else NONE for one in made)
    return f"| {row.name} | {row.title} | {', '.join(row.extensions) or NONE} | {marks} |"


def _is_analysed(kind: Kind) -> bool:
    return kind in analyses._MODULES and kind is not Kind.UNKNOWN  # noqa: SLF001


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
