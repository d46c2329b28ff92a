"""Faces and licence plates covered in the videos of a session, before they may leave."""

from .anonymize import anonymize
from .anonymized_files import anonymized_view, read_anonymized_record
from .box_file import read_boxes
from .detector import RegionDetector
from .options import AnonymizeOptions
from .regions import Region
from .sources import open_detectors

__all__ = [
    "AnonymizeOptions",
    "Region",
    "RegionDetector",
    "anonymize",
    "anonymized_view",
    "open_detectors",
    "read_anonymized_record",
    "read_boxes",
]
