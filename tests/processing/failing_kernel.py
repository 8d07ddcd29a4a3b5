"""A worker on a kernel that refuses what it is named: ``python -m … CALL[,CALL…] ARGUMENT…``."""

import sys
from typing import Any, Final

from processing import confinement, worker

LANDLOCK: Final = 446  # landlock_restrict_self(2)


class FailingKernel:
    """The calls of libc, of which some fail as a kernel without them lets them fail."""

    def __init__(self, libc: Any, failing: list[str]) -> None:
        self._libc = libc
        self._failing = failing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._libc, name)

    def prctl(self, option: int, *arguments: int) -> int:
        return -1 if f"prctl {option}" in self._failing else self._libc.prctl(option, *arguments)

    def capset(self, *arguments: bytes) -> int:
        return -1 if "capset" in self._failing else self._libc.capset(*arguments)

    def syscall(self, number: int, *arguments: Any) -> int:
        if number == LANDLOCK and "landlock" in self._failing:
            return -1
        return self._libc.syscall(number, *arguments)


if __name__ == "__main__":
    confinement._libc = FailingKernel(confinement._libc, sys.argv[1].split(","))  # type: ignore[misc,assignment]
    worker.main(sys.argv[2:])
