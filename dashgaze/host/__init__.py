"""What this computer has and lacks for dashgaze."""

from .diagnosis import Diagnosis, doctor
from .finding import Finding

__all__ = ["Diagnosis", "Finding", "doctor"]
