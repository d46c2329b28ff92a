"""Where a simulated driver looks, and when the eye tracker says so."""

import numpy as np
from numpy.typing import NDArray


def gaze_times(rng: np.random.Generator, start_s: float, end_s: float) -> NDArray[np.float64]:
    """Give sample times at about 200 Hz, uneven, with a few interruptions.

    Parameters
    ----------
    rng
        Random numbers.
    start_s, end_s
        Of the recording, tracker time.

    Returns
    -------
    ndarray
        Tracker times, shape (n,), s.
    """
    steps = rng.choice([0.004, 0.005, 0.008], round((end_s - start_s) / 0.0045), p=[0.6, 0.3, 0.1])
    times: NDArray[np.float64] = start_s + np.cumsum(steps)
    times = times[times < end_s]
    for at_s in rng.uniform(start_s + 3, end_s - 1, 3):
        times = times[(times < at_s) | (times > at_s + 0.2)]
    return times


def gaze_point_px(time_s: NDArray[np.float64]) -> NDArray[np.float32]:
    """Where the simulated driver looks in the scene camera at tracker times: fixations of 0.4 s.

    Parameters
    ----------
    time_s
        Tracker time, shape (n,), s.

    Returns
    -------
    ndarray
        Distorted pixels x, y, shape (n, 2).
    """
    number = np.floor(np.asarray(time_s) / 0.4)
    # A fixed, even wander over the middle of the view (golden ratio steps).
    across, down = (0.618034 * number) % 1.0, (0.381966 * number * 1.7) % 1.0
    return np.stack([344 + 400 * across, 440 + 200 * down], axis=1).astype(np.float32)
