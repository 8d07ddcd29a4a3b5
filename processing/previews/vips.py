"""libvips: reducing large images while they are decoded, and samples that Pillow does not take.

Driven through the bare interface that the wheel of libvips brings along: the library that wraps it
comes without wheels, and all that is needed are a few operations.
"""

import os
from contextlib import ExitStack
from functools import cache
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from PIL import Image

from processing.task import Source

_ENVIRONMENT: Final = {
    "VIPS_CONCURRENCY": "1",
    "VIPS_WARNING": "0",  # any value silences it
    "VIPS_DISC_THRESHOLD": "1g",  # a worker has no disc; above this libvips would use one
}
_LOADERS: Final = (
    b"VipsForeignLoadPng",
    b"VipsForeignLoadWebp",
    b"VipsForeignLoadTiff",
    b"VipsForeignLoadRaw",
)
_MODES: Final = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_ENUMERATIONS: Final = frozenset({"format", "interpretation"})
_INPUTS: Final = {"extract_area": b"input"}
UCHAR, USHORT = 0, 2
"""Formats of samples (VipsBandFormat)."""


class RefusedError(Exception):
    """Raised when libvips refuses a file or an operation."""


class Vips:
    """Images of libvips, which are given back when the block ends."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._ffi, self._lib = _library()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    def file(self, name: str, file: BinaryIO, **options: Any) -> Any:
        """Return the image that a loader, or ``thumbnail``, makes of an open file.

        Raises:
            RefusedError: libvips refuses it.
        """
        # Named by its number, since libvips takes what stands in brackets in a name for options;
        # as a stream it would take what is cut off for whole, whatever fail_on says.
        return self.apply(name, filename=f"/proc/self/fd/{file.fileno()}", **options)

    def apply(self, name: str, image: Any = None, **options: Any) -> Any:
        """Return the image that an operation makes, of ``image`` if it takes one.

        Raises:
            RefusedError: libvips refuses it.
        """
        ffi, lib = self._ffi, self._lib
        operation = lib.vips_operation_new(name.encode())
        if image is not None:
            self._set_input(operation, _INPUTS.get(name, b"in"), image)
        text = ",".join(f"{key}={value}" for key, value in options.items())
        lib.vips_object_set_from_string(ffi.cast("VipsObject *", operation), text.encode())
        built = lib.vips_cache_operation_build(operation)
        lib.g_object_unref(operation)
        if built == ffi.NULL:
            raise self._refused()
        self._held.callback(lib.g_object_unref, built)
        self._held.callback(lib.vips_object_unref_outputs, ffi.cast("VipsObject *", built))
        return self._output(built)

    def number(self, image: Any, field: str) -> int:
        """Return a number from the header of an image; -1 if it has none of that name."""
        ffi, lib = self._ffi, self._lib
        value = ffi.new("GValue *")
        if lib.vips_image_get(image, field.encode(), value) != 0:
            lib.vips_error_clear()
            return -1
        read = lib.g_value_get_enum if field in _ENUMERATIONS else lib.g_value_get_int
        number = int(read(value))
        lib.g_value_unset(value)
        return number

    def size(self, image: Any) -> tuple[int, int]:
        """Return the width and the height of an image."""
        return self.number(image, "width"), self.number(image, "height")

    def pixels(self, image: Any) -> bytes:
        """Return the samples of an image, decoded.

        Raises:
            RefusedError: The file is broken.
        """
        ffi, lib = self._ffi, self._lib
        length = ffi.new("size_t *")
        memory = lib.vips_image_write_to_memory(image, length)
        if memory == ffi.NULL:
            raise self._refused()
        data = bytes(ffi.buffer(memory, length[0]))
        lib.g_free(memory)
        return data

    def _refused(self) -> RefusedError:
        message = self._ffi.string(self._lib.vips_error_buffer()).decode(errors="replace")
        self._lib.vips_error_clear()
        return RefusedError(message)

    def _set_input(self, operation: Any, name: bytes, image: Any) -> None:
        ffi, lib = self._ffi, self._lib
        value = ffi.new("GValue *")
        lib.g_value_init(value, lib.g_type_from_name(b"VipsImage"))
        lib.g_value_set_object(value, ffi.cast("void *", image))
        lib.g_object_set_property(ffi.cast("GObject *", operation), name, value)
        lib.g_value_unset(value)

    def _output(self, operation: Any) -> Any:
        ffi, lib = self._ffi, self._lib
        value = ffi.new("GValue *")
        lib.g_value_init(value, lib.g_type_from_name(b"VipsImage"))
        lib.g_object_get_property(ffi.cast("GObject *", operation), b"out", value)
        self._held.callback(lib.g_value_unset, value)
        return ffi.cast("VipsImage *", lib.g_value_get_object(value))


def reduced(source: Source, longest: int) -> Image.Image | None:
    """Return the picture, not turned, its colours as stored, ``longest`` at most on its long side.

    None if libvips refuses it, or holds it in more than 8 bits a channel: what is wrong with a
    broken picture is for a decoder of better manners to say.
    """
    options = {"fail_on": "error", "no_rotate": "true", "size": "down"}
    with Vips() as vips, Path(source.path).open("rb") as file:
        try:
            image = vips.file("thumbnail", file, **options, width=longest, height=longest)
            mode = _MODES.get(vips.number(image, "bands"))
            if mode is None or vips.number(image, "format") != UCHAR:
                return None
            return Image.frombytes(mode, vips.size(image), vips.pixels(image))
        except RefusedError:
            return None


@cache
def _library() -> tuple[Any, Any]:
    """Return libvips, made ready: it opens nothing but ``_LOADERS``, and keeps nothing."""
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
