"""The whole of dashgaze on a minute that it makes itself."""

from .demo import Demo, demo
from .shortcomings import shortcomings

__all__ = ["Demo", "demo", "shortcomings"]
