"""libvips by the bare interface of its wheel: the library that wraps it comes without wheels."""

import os
from contextlib import ExitStack
from functools import cache
from importlib import import_module
from typing import Any, Final, NamedTuple

_ENVIRONMENT: Final = {
    "VIPS_CONCURRENCY": "1",
    "VIPS_WARNING": "0",  # any value silences it
    "VIPS_DISC_THRESHOLD": "1g",  # a worker has no disc; above this libvips would use one
}
_LOADERS: Final = (
    b"VipsForeignLoadPng",
    b"VipsForeignLoadWebp",
    b"VipsForeignLoadHeif",
    b"VipsForeignLoadSvg",
    b"VipsForeignLoadTiff",
    b"VipsForeignLoadRaw",
)
_ENUMERATIONS: Final = frozenset({"format", "interpretation"})
FORMATS: Final = {0: "B", 2: "H", 6: "f", 8: "d"}
"""``VipsBandFormat`` to the code of ``array`` and ``memoryview``: 8 and 16 bits, floats."""


class VipsError(Exception):
    """libvips refuses an operation, or fails at it."""


class Samples(NamedTuple):
    """Pixels in memory: row by row, the channels of a pixel side by side.

    ``form`` is the ``array`` code of one channel: B, H (in the order of this machine), f or d.
    """

    width: int
    height: int
    bands: int
    form: str
    data: bytes | memoryview


@cache
def library() -> tuple[Any, Any]:
    """Return ``ffi`` and ``lib``, made ready: it has ``_LOADERS`` alone, and keeps nothing."""
    os.environ.update(_ENVIRONMENT)
    module = import_module("_libvips")
    ffi, lib = module.ffi, module.lib
    if lib.vips_init(b"previews") != 0:
        raise OSError("libvips does not start")
    lib.vips_cache_set_max(0)
    lib.vips_operation_block_set(b"VipsForeignLoad", 1)
    for loader in _LOADERS:
        lib.vips_operation_block_set(loader, 0)
    return ffi, lib


def call(held: ExitStack, operation: str, options: str = "", **images: Any) -> Any:
    """Return the image that ``operation`` makes of ``images``; it lives as long as ``held``.

    One of them may be a ``stream``, named ``source``. ``options`` are the other arguments, as
    libvips' command line writes them.

    Raises:
        VipsError: It cannot be done.
    """
    ffi, lib = library()
    made = lib.vips_operation_new(operation.encode())
    for name, image in images.items():
        _set(made, name.rstrip("_"), image)
    lib.vips_object_set_from_string(ffi.cast("VipsObject *", made), options.encode())
    built = lib.vips_cache_operation_build(made)
    lib.g_object_unref(made)
    if built == ffi.NULL:
        raise _error()
    held.callback(lib.g_object_unref, built)
    held.callback(lib.vips_object_unref_outputs, ffi.cast("VipsObject *", built))
    return _output(built, held)


def stream(held: ExitStack, data: bytes) -> Any:
    """Return ``data`` as a source that loaders of libvips read; it lives as long as ``held``."""
    ffi, lib = library()
    memory = ffi.from_buffer(data)
    made = lib.vips_source_new_from_memory(memory, len(data))
    if made == ffi.NULL:
        raise _error()
    held.callback(lambda _: lib.g_object_unref(made), memory)  # the memory outlives the source
    return made


def image(held: ExitStack, samples: Samples) -> Any:
    """Return ``samples`` as an image of libvips, which lives as long as ``held``."""
    ffi, lib = library()
    form = next(number for number, code in FORMATS.items() if code == samples.form)
    data = ffi.from_buffer(samples.data)
    made = lib.vips_image_new_from_memory(
        data, len(samples.data), samples.width, samples.height, samples.bands, form
    )
    if made == ffi.NULL:
        raise _error()
    held.callback(lambda _: lib.g_object_unref(made), data)  # the memory outlives the image
    return made


def samples(image: Any) -> Samples:
    """Return the pixels of an image of libvips; what it is made of is computed now.

    Raises:
        VipsError: It cannot be computed, or its samples are of another form.
    """
    ffi, lib = library()
    width, height, bands, form = shape(image)
    length = ffi.new("size_t *")
    memory = lib.vips_image_write_to_memory(image, length) if form else ffi.NULL
    if memory == ffi.NULL or form is None:
        raise _error()
    data = bytes(ffi.buffer(memory, length[0]))
    lib.g_free(memory)
    return Samples(width, height, bands, form, data)


def shape(image: Any) -> tuple[int, int, int, str | None]:
    """Return width, height, number of channels and, as in ``Samples``, the form of one."""
    width, height, bands = (number(image, name) for name in ("width", "height", "bands"))
    return width, height, bands, FORMATS.get(number(image, "format"))


def number(image: Any, field: str) -> int:
    """Return a number from the header of an image; -1 if it has none of that name."""
    ffi, lib = library()
    value = ffi.new("GValue *")
    if lib.vips_image_get(image, field.encode(), value) != 0:
        lib.vips_error_clear()
        return -1
    read = lib.g_value_get_enum if field in _ENUMERATIONS else lib.g_value_get_int
    found = int(read(value))
    lib.g_value_unset(value)
    return found


def _error() -> VipsError:
    ffi, lib = library()
    message = ffi.string(lib.vips_error_buffer()).decode(errors="replace").strip()
    lib.vips_error_clear()
    return VipsError(message)


def _set(operation: Any, name: str, image: Any) -> None:
    ffi, lib = library()
    value = ffi.new("GValue *")
    kind = b"VipsSource" if name == "source" else b"VipsImage"
    lib.g_value_init(value, lib.g_type_from_name(kind))
    lib.g_value_set_object(value, image)
    lib.g_object_set_property(ffi.cast("GObject *", operation), name.encode(), value)
    lib.g_value_unset(value)


def _output(operation: Any, held: ExitStack) -> Any:
    ffi, lib = library()
    value = ffi.new("GValue *")
    lib.g_value_init(value, lib.g_type_from_name(b"VipsImage"))
    lib.g_object_get_property(ffi.cast("GObject *", operation), b"out", value)
    held.callback(lib.g_value_unset, value)
    return ffi.cast("VipsImage *", lib.g_value_get_object(value))
