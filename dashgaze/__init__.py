"""dashgaze: record, synchronise, align, publish and model naturalistic driver gaze.

Importing this package is cheap; what a name needs is imported when it is first used.
"""

from ._version import __version__

__all__ = ["__version__"]
