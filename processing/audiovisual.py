"""Opening audio and video files with FFmpeg's demuxers, no network or other file in reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer

from processing.task import MAX_PIXELS, Failure, ProcessingError, Source

_FORMATS: Final = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,dv,eac3,flac,flv,iff,ivf,m4v,matroska,mov,mp3,mpc,"
    "mpc8,mpeg,mpegts,mpegvideo,mxf,ogg,qcp,rm,tta,voc,w64,wav,wv"
)
"""The demuxers that may open a file: each reads the bytes it is given and nothing else.

Left out are those of scripts and playlists (concat, hls, dash, sdp …): FFmpeg recognises them by
content, and they open the files and addresses that they name.
"""

_OPTIONS: Final = {"format_whitelist": _FORMATS, "max_pixels": str(MAX_PIXELS)}


@contextmanager
def opened(source: Source) -> Iterator[InputContainer]:
    """Open a container for the block.

    Raises (from the block too, in place of FFmpeg's own errors):
        ProcessingError: Not a container that FFmpeg knows, broken or cut off.
    """
    av.logging.set_level(av.logging.PANIC)
    try:
        with (
            Path(source.path).open("rb") as file,
            av.open(file, "r", options=_OPTIONS, metadata_errors="replace") as container,
        ):
            yield container
    except MemoryError:
        raise ProcessingError(Failure.TOO_LARGE, "The recording is too large to decode.") from None
    except (av.FFmpegError, ValueError, OSError) as error:
        raise ProcessingError(Failure.FAILED, "The recording is broken or cut off.") from error
