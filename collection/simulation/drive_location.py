"""Where a simulated drive goes."""

from pathlib import Path

import numpy as np

from dashgaze.files import write_text


def write_location(path: Path, *, seconds: float, start_ns: int) -> None:
    """Write a fix each second as the phone would, with the speed of a car in traffic."""
    lines = ["timestamp [ns],latitude,longitude,speed [m/s],accuracy [m]"]
    for second in range(int(seconds)):
        speed_m_s = 8 + 4 * np.sin(second / 10)
        lines.append(
            f"{start_ns + second * 10**9},{52.39 + 1e-4 * second:.7f},13.0700000,{speed_m_s:.2f},4.0"
        )
    write_text(path, "\n".join(lines) + "\n")
