"""Opening audio and video files with FFmpeg's demuxers, no network or other file in reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from processing.task import MAX_PIXELS, Failure, ProcessingError, Source

_FORMATS: Final = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,dv,eac3,flac,flv,iff,ivf,m4v,matroska,mov,mp3,mpc,"
    "mpc8,mpeg,mpegts,mpegvideo,mxf,ogg,qcp,rm,tta,voc,w64,wav,wv"
)
"""The demuxers that may open a file: each reads the bytes it is given and nothing else.

Left out are those of scripts and playlists (concat, hls, dash, sdp …): FFmpeg recognises them by
content, and they open the files and addresses that they name.
"""

_NO_VIDEO: Final = Disposition.attached_pic | Disposition.timed_thumbnails

OPTIONS: Final = {"format_whitelist": _FORMATS, "max_pixels": str(MAX_PIXELS)}


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
            av.open(file, "r", options=OPTIONS, metadata_errors="replace") as container,
        ):
            yield container
    except MemoryError:
        raise ProcessingError(Failure.TOO_LARGE, "The recording is too large to decode.") from None
    except (av.FFmpegError, ValueError, OSError) as error:
        raise ProcessingError(Failure.FAILED, "The recording is broken or cut off.") from error


def is_cover(stream: Stream) -> bool:
    """Return whether a stream is an attached picture, such as cover art."""
    return bool(stream.disposition & Disposition.attached_pic)


def main_video(container: InputContainer) -> VideoStream | None:
    """Return the video track that players show: the default one, else the first."""
    videos = [each for each in container.streams.video if not each.disposition & _NO_VIDEO]
    return next((each for each in videos if each.disposition & Disposition.default), None) or (
        videos[0] if videos else None
    )


def main_audio(container: InputContainer) -> AudioStream | None:
    """Return the audio track that players play: the default one, else the first."""
    tracks = container.streams.audio
    return next((each for each in tracks if each.disposition & Disposition.default), None) or (
        tracks[0] if tracks else None
    )
