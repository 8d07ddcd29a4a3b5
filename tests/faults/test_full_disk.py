"""Disks without room: what was promised stays whole, and the server says what is wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.serving import Server, eventually
from tests.faults.aftermath import MIB, Ledger, noise

_MOST = 400
Disk = Callable[[int], Path]


def bytes_on_it(disk: Disk, tmp_path: Path) -> dict[str, object]:
    """Keep objects and staging on a small disk, and the database elsewhere."""
    return {"data_dir": tmp_path / "data", "storage_url": f"file://{disk(12)}"}


def database_on_it(disk: Disk, tmp_path: Path) -> dict[str, object]:
    """Keep the database on a small disk, and the bytes elsewhere."""
    return {"data_dir": disk(1), "storage_url": f"file://{tmp_path / 'bytes'}"}


def all_on_it(disk: Disk, _: Path) -> dict[str, object]:
    """Keep everything on one small disk."""
    return {"data_dir": disk(13)}


def fill(server: Server, ledger: Ledger, size: int) -> None:
    """Upload until the server refuses."""
    with server.client(ledger.token) as client:
        for _ in range(_MOST):
            if not ledger.upload(client, noise(size)).is_success:
                return
    pytest.fail("the disk never filled")


@pytest.mark.parametrize("place", [bytes_on_it, all_on_it])
def test_a_disk_that_fills_up_refuses_uploads_and_keeps_the_rest(
    start: Callable[..., Server], disk: Disk, tmp_path: Path, place: Callable[..., object]
) -> None:
    server = start(**place(disk, tmp_path))  # type: ignore[arg-type]
    ledger = Ledger(server.guest())
    fill(server, ledger, MIB)
    assert {answer.status_code for answer in ledger.refused} == {507}
    ledger.assert_refused_with("STORAGE_FULL")
    ledger.assert_kept(server)
    with server.client(ledger.token) as client:
        gone = [file_id for file_id, _ in zip(list(ledger.kept), range(3), strict=False)]
        for file_id in gone:
            assert client.delete(f"/v1/media/files/{file_id}").status_code == 204
            del ledger.kept[file_id]
        eventually(lambda: ledger.upload(client, noise(MIB)).is_success, "there is room again")
    ledger.assert_kept(server)
    server.assert_library_is_sound(after_sweeping=True)
    assert "Traceback" not in server.log
    assert server.stop() == 0


def test_a_database_without_room_refuses_and_keeps_the_rest(
    start: Callable[..., Server], disk: Disk, tmp_path: Path
) -> None:
    place = database_on_it(disk, tmp_path)
    server = start(**place)
    ledger = Ledger(server.guest())
    fill(server, ledger, 1000)
    assert {answer.status_code for answer in ledger.refused} == {507}
    ledger.assert_refused_with("STORAGE_FULL")
    ledger.assert_kept(server)
    assert "Traceback" not in server.log
    assert server.stop() == 0
