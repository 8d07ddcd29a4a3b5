"""The exported schema: as the code has it."""

from pathlib import Path

from schema.build import export

SNAPSHOT = Path(__file__).parents[2] / "schema" / "schema.graphql"


def test_the_snapshot_is_the_schema_of_the_code() -> None:
    exported = export()
    assert SNAPSHOT.read_text() == exported, "write it anew: media schema > schema/schema.graphql"
