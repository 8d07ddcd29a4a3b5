"""Reducing PNG and WebP while they are decoded, and drawing SVG (librsvg), by libvips.

Driven through the bare interface that the wheel of libvips brings along: the library that wraps it
comes without wheels, and all that is needed are two operations.
"""

import os
from contextlib import ExitStack
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from PIL import Image

from processing.task import Source

_ENVIRONMENT: Final = {
    "VIPS_CONCURRENCY": "1",
    "VIPS_WARNING": "0",  # any value silences it
    "VIPS_DISC_THRESHOLD": "1g",  # a worker has no disc; above this libvips would use one
}
_LOADERS: Final = (b"VipsForeignLoadPng", b"VipsForeignLoadWebp", b"VipsForeignLoadSvg")
_CSS_PIXELS: Final = b"dpi=96,scale=0.75"  # of 1/96 inch; libvips scales by dpi / 72 beside
_MODES: Final = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_BYTES: Final = 0  # VIPS_FORMAT_UCHAR


def reduced(source: Source, longest: int) -> Image.Image | None:
    """Return the picture, not turned, its colours as stored, ``longest`` at most on its long side.

    None if libvips refuses it, or holds it in more than 8 bits a channel: what is wrong with a
    broken picture is for a decoder of better manners to say.
    """
    ffi, lib = _library()
    with ExitStack() as held, Path(source.path).open("rb") as file:
        operation = lib.vips_operation_new(b"thumbnail")
        # Named by its number, since libvips takes what stands in brackets in a name for options;
        # as a stream it would take what is cut off for whole, whatever fail_on says.
        options = (
            f"filename=/proc/self/fd/{file.fileno()},fail_on=error,no_rotate=true,"
            f"size=down,width={longest},height={longest}"
        )
        lib.vips_object_set_from_string(ffi.cast("VipsObject *", operation), options.encode())
        built = lib.vips_cache_operation_build(operation)
        lib.g_object_unref(operation)
        if built == ffi.NULL:
            lib.vips_error_clear()
            return None
        held.callback(lib.g_object_unref, built)
        held.callback(lib.vips_object_unref_outputs, ffi.cast("VipsObject *", built))
        picture = _pixels(_output(built, held))
        lib.vips_error_clear()
        return picture


def drawn(drawing: bytes) -> tuple[Image.Image | None, str]:
    """Return an SVG drawing as RGBA in its own size, or else None and what is wrong with it.

    librsvg gets no base URL, and so refuses every reference but ``data:`` URLs.
    """
    ffi, lib = _library()
    with ExitStack() as held:
        memory = ffi.from_buffer(drawing)
        stream = lib.vips_source_new_from_memory(memory, len(drawing))
        held.callback(lib.g_object_unref, stream)
        operation = lib.vips_operation_new(b"svgload_source")
        held.callback(lib.g_object_unref, operation)
        _set_object(operation, b"source", b"VipsSource", stream)
        lib.vips_object_set_from_string(ffi.cast("VipsObject *", operation), _CSS_PIXELS)
        built = lib.vips_cache_operation_build(operation)
        if built == ffi.NULL:
            return None, _problem()
        held.callback(lib.g_object_unref, built)
        held.callback(lib.vips_object_unref_outputs, ffi.cast("VipsObject *", built))
        picture = _pixels(_output(built, held))
        return picture, "" if picture else _problem()


def _set_object(operation: Any, name: bytes, kind: bytes, value: Any) -> None:
    ffi, lib = _library()
    wrapped = ffi.new("GValue *")
    lib.g_value_init(wrapped, lib.g_type_from_name(kind))
    lib.g_value_set_object(wrapped, value)
    lib.g_object_set_property(ffi.cast("GObject *", operation), name, wrapped)
    lib.g_value_unset(wrapped)


def _problem() -> str:
    """Return libvips's description of what failed, and forget it."""
    ffi, lib = _library()
    problem: str = ffi.string(lib.vips_error_buffer()).decode(errors="replace")
    lib.vips_error_clear()
    return problem


@cache
def _library() -> tuple[Any, Any]:
    """Return libvips, made ready: it opens nothing but PNG, WebP and SVG, and keeps nothing."""
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


def _output(operation: Any, held: ExitStack) -> Any:
    ffi, lib = _library()
    value = ffi.new("GValue *")
    lib.g_value_init(value, lib.g_type_from_name(b"VipsImage"))
    lib.g_object_get_property(ffi.cast("GObject *", operation), b"out", value)
    held.callback(lib.g_value_unset, value)
    return ffi.cast("VipsImage *", lib.g_value_get_object(value))


def _pixels(image: Any) -> Image.Image | None:
    ffi, lib = _library()
    mode = _MODES.get(_number(image, b"bands"))
    if mode is None or _number(image, b"format") != _BYTES:
        return None
    length = ffi.new("size_t *")
    memory = lib.vips_image_write_to_memory(image, length)
    if memory == ffi.NULL:
        return None
    data = bytes(ffi.buffer(memory, length[0]))
    lib.g_free(memory)
    return Image.frombytes(mode, (_number(image, b"width"), _number(image, b"height")), data)


def _number(image: Any, field: bytes) -> int:
    ffi, lib = _library()
    value = ffi.new("GValue *")
    if lib.vips_image_get(image, field, value) != 0:
        lib.vips_error_clear()
        return -1
    number = lib.g_value_get_enum(value) if field == b"format" else lib.g_value_get_int(value)
    lib.g_value_unset(value)
    return int(number)
