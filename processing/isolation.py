"""The layers that isolate a worker, as it reports them itself, and which an operator requires."""

from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, Final


class Layer(StrEnum):
    """One thing that a worker is confined by, under its name in ``/readyz``."""

    NETWORK_NAMESPACE = "network_namespace"
    PROCESS_NAMESPACE = "process_namespace"
    FILE_SYSTEM_NAMESPACE = "file_system_namespace"
    DIES_WITH_SERVER = "dies_with_server"
    NO_NEW_PRIVILEGES = "no_new_privileges"
    NO_CAPABILITIES = "no_capabilities"
    READ_ONLY_FILES = "read_only_files"  # Landlock, Linux 5.13
    NO_TCP = "no_tcp"  # Landlock, Linux 6.7
    NO_SIGNALS = "no_signals"  # Landlock, Linux 6.12


NAMESPACES: Final = {
    Layer.NETWORK_NAMESPACE: "net",
    Layer.PROCESS_NAMESPACE: "pid",
    Layer.FILE_SYSTEM_NAMESPACE: "mnt",
}
"""By their names in /proc/self/ns, see namespaces(7)."""

_OF_THE_WORKER: Final = frozenset(
    {Layer.NO_NEW_PRIVILEGES, Layer.NO_CAPABILITIES, Layer.READ_ONLY_FILES}
)
REQUIRED: Final[dict[str, frozenset[Layer]]] = {
    "none": frozenset(),
    "namespaces": _OF_THE_WORKER | {Layer.NETWORK_NAMESPACE},
    "bubblewrap": _OF_THE_WORKER.union(NAMESPACES),
}
"""What a worker must have, by the value of ``MEDIA_REQUIRE_ISOLATION``."""


def own_namespaces() -> dict[str, str]:
    """Return the identities of this process's namespaces; one that cannot be read is left out."""
    found = {}
    for name in NAMESPACES.values():
        with suppress(OSError):
            found[name] = str(Path(f"/proc/self/ns/{name}").readlink())
    return found


def report(held: Mapping[Layer, bool]) -> dict[str, Any]:
    """Return what a worker tells the server: the layers that it made, and its namespaces."""
    return {"layers": dict(held), "namespaces": own_namespaces()}


def layers_of(told: Any) -> dict[Layer, bool]:
    """Return which layers a worker has by its ``report``; what it does not tell does not hold."""
    told = told if isinstance(told, dict) else {}
    held, theirs = told.get("layers", {}), told.get("namespaces", {})
    ours = own_namespaces()
    inside = {
        layer: name in theirs and name in ours and theirs[name] != ours[name]
        for layer, name in NAMESPACES.items()
    }
    return {layer: inside.get(layer, held.get(layer) is True) for layer in Layer}


def missing(level: str, layers: Mapping[Layer, bool]) -> list[str]:
    """Return the names of the layers that ``level`` requires and that do not hold."""
    return sorted(layer for layer in REQUIRED[level] if not layers.get(layer))
