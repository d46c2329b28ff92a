"""Codecs, pictures and letters: what reads and writes media, tried out."""

from .finding import Finding
from .probe import Broken, probe

_CODECS = """
import av
def can(name, mode):
    try:
        av.codec.Codec(name, mode)
    except ValueError:
        return False
    return True
reading = ("h264", "hevc", "mpeg4", "mjpeg", "vp8", "vp9", "aac", "opus", "pcm_s16le")
found["version"] = av.__version__
found["libraries"] = {name: ".".join(map(str, each)) for name, each in av.library_versions.items()}
found["lacking"] = [name for name in reading if not can(name, "r")]
found["lacking"] += [name + " (writing)" for name in ("libx264", "aac") if not can(name, "w")]
"""
_OPENCV = """
import cv2, numpy
picture = numpy.random.default_rng(0).integers(0, 255, (64, 64), dtype=numpy.uint8)
cv2.ORB_create().detect(picture)
found["version"] = cv2.__version__
"""
_FONT = """
from pathlib import Path
from matplotlib import get_data_path
from PIL import ImageFont
path = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
found["name"] = " ".join(ImageFont.truetype(path, 12).getname())
"""


def media_findings() -> list[Finding]:
    """Try out FFmpeg's libraries, OpenCV and the font of the overlays."""
    return [_codecs(), _pictures(), _letters()]


def _codecs() -> Finding:
    found = probe(_CODECS)
    if isinstance(found, Broken):
        return _broken("media.codecs", "PyAV, which reads videos and sound,", found, "av")
    what = f"PyAV {found['version']} with FFmpeg's libavcodec {found['libraries']['libavcodec']}"
    if found["lacking"]:
        return Finding(
            code="media.codecs",
            group="media",
            level="doubtful",
            what=f"{what}, which lacks {', '.join(found['lacking'])}.",
            fix="Take the build from PyPI: pip install --force-reinstall --only-binary av av",
        )
    what += ": all codecs that phones and eye trackers use."
    return Finding(code="media.codecs", group="media", level="good", what=what)


def _pictures() -> Finding:
    found = probe(_OPENCV)
    if isinstance(found, Broken):
        return _broken("media.pictures", "OpenCV", found, "opencv-python-headless")
    return Finding(
        code="media.pictures",
        group="media",
        level="good",
        what=f"OpenCV {found['version']} finds features.",
    )


def _letters() -> Finding:
    found = probe(_FONT)
    if isinstance(found, Broken):
        return _broken("media.font", "The font of overlay videos", found, "matplotlib pillow")
    return Finding(
        code="media.font", group="media", level="good", what=f"Font of overlays: {found['name']}."
    )


def _broken(code: str, name: str, found: Broken, packages: str) -> Finding:
    return Finding(
        code=code,
        group="media",
        level="doubtful",
        what=f"{name} can't be used: {found.reason}.",
        fix=f"pip install --force-reinstall {packages}",
    )
