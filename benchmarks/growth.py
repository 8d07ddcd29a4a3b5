"""What grows with the number of files: lists, searches, counts, uploads and deletions.

``python benchmarks/growth.py`` measures both engines with 10⁴, 10⁶ and 10⁷ files of one account and
prints a table for each, and the plans of the largest. It takes about half an hour and 20 GB of disk
under ``build/``; ``--write`` puts what came out into docs/growth.md.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from time import perf_counter
from typing import Final

import plans
import report
from client import call, request
from library import Library
from seeding import id_of, seed, seed_postgres
from serving import ROOT, create_account, folder, media_server

_PAGE: Final = ROOT / "docs" / "growth.md"
_SIZES: Final = (10_000, 1_000_000, 10_000_000)
_ENGINES: Final = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
_WRITES: Final = 40
_BULK: Final = 100
_SECONDS: Final = 3.0


def main() -> None:
    """Measure what the options ask for."""
    options = _options()
    parts = [report.surroundings() + "."]
    for engine in options.engines:
        parts.extend(_measured(engine, options.files))
    text = "\n\n".join(parts)
    print(text)
    if options.write:
        report.write(_PAGE, text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("growth", description="Measure what grows with files.")
    parser.add_argument("--engines", nargs="+", choices=_ENGINES, default=list(_ENGINES))
    parser.add_argument("--files", nargs="+", type=int, default=list(_SIZES))
    parser.add_argument("--write", action="store_true", help=f"put it into {_PAGE.name}")
    return parser.parse_args()


def _measured(engine: str, sizes: list[int]) -> Iterator[str]:
    columns = []
    explained: dict[str, list[str]] = {}
    for files in sizes:
        with _seeded(engine, files) as (library, url, owner):
            explained = plans.of(url, owner, files)
            columns.append(_figures(library))
    yield f"### {_ENGINES[engine]}\n\n{_table(sizes, columns)}"
    yield f"Plans with {sizes[-1]:,} files:\n\n{_shown(explained)}"


@contextmanager
def _seeded(engine: str, files: int) -> Iterator[tuple[Library, str, str]]:
    """Yield a served library, its database and the account that has all of it."""
    with ExitStack() as stack:
        data = stack.enter_context(folder())
        url = f"sqlite://{data / 'media.db'}"
        if engine == "postgres":
            url = stack.enter_context(_postgres())
        settings = {"MEDIA_DATABASE_URL": url}
        began = perf_counter()
        owner, token = create_account(data, settings)
        if engine == "postgres":
            seed_postgres(url, owner, files)
        else:
            seed(data, owner, files)
        print(f"… {engine}: {files:,} files in {perf_counter() - began:.0f} s", file=sys.stderr)
        server = stack.enter_context(media_server(data, token, settings))
        yield Library(server, files, _SECONDS), url, owner


@contextmanager
def _postgres() -> Iterator[str]:
    sys.path.append(str(ROOT))
    from tests.postgres import server  # noqa: PLC0415 - only this engine needs it

    with server("-c shared_buffers=2GB -c fsync=on -c full_page_writes=on") as url:
        yield url


def _figures(library: Library) -> dict[str, float]:
    """Return milliseconds by what was asked."""
    asked = {
        "REST, first page": library.page("REST"),
        "GraphQL, first page": library.page("GraphQL"),
    }
    asked |= {_general(what): message for what, message in library.narrowed().items()}
    figures = {}
    for what, message in asked.items():
        library.server.json(message)  # what is read for the first time comes from the disk
        figures[what] = library.load(message).p50 * 1e3
    return figures | _writes(library)


def _general(what: str) -> str:
    return "REST, offset in the middle" if "offset" in what else what


def _writes(library: Library) -> dict[str, float]:
    ids = [id_of(number) for number in range(0, library.files, library.files // _WRITES)][:_WRITES]
    server = library.server
    bulk = [id_of(number) for number in range(1, 1 + _BULK)]
    listed = ",".join(f'"{file_id}"' for file_id in bulk).join(('{"file_ids":[', "]}")).encode()
    json = "content-type: application/json\r\n"
    once = [request("POST /v1/media/files/bulk-delete", server.token, json, listed)]
    return {
        "upload of 32 bytes": _each(server.port, [library.upload(n) for n in range(_WRITES)]),
        "deletion": _each(
            server.port, [request(f"DELETE /v1/media/files/{each}", server.token) for each in ids]
        ),
        f"deletion of {_BULK} at once": _each(server.port, once),
    }


def _each(port: int, messages: list[bytes]) -> float:
    """Return the median of the milliseconds that the messages take one after the other."""
    taken = []
    for message in messages:
        began = perf_counter()
        status, body = call(port, message)
        taken.append(perf_counter() - began)
        assert status in {200, 204}, (status, body)
    return median(taken) * 1e3


def _table(sizes: list[int], columns: list[dict[str, float]]) -> str:
    head = "| milliseconds with so many files | " + " | ".join(f"{size:,}" for size in sizes)
    lines = [f"{head} |", "|---" * (1 + len(sizes)) + "|"]
    for what in columns[0]:
        cells = " | ".join(_milliseconds(column[what]) for column in columns)
        lines.append(f"| {what} | {cells} |")
    return "\n".join(lines)


def _milliseconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _shown(explained: dict[str, list[str]]) -> str:
    return "\n\n".join(
        f"*{what}*\n\n```\n" + "\n".join(lines) + "\n```" for what, lines in explained.items()
    )


if __name__ == "__main__":
    main()
