"""Pictures drawn while earlier ones are being encoded."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from ..drive_pictures import Pictures

_DEPTH = 3


@contextmanager
def drawing_ahead(pictures: Pictures, count: int) -> Iterator[Pictures]:
    """Draw pictures, one after the other, a few ahead of who asks for them.

    Parameters
    ----------
    pictures
        Draws the picture of a number; its memory may be the same each time.
    count
        How many there are; they have to be asked for in their order.

    Yields
    ------
    Pictures
        Gives the same pictures; each stays as it is until the next is asked for.
    """
    # One that the asker has, and those that wait; the same memory again and again.
    places: list[NDArray[np.uint8] | None] = [None] * (_DEPTH + 1)
    waiting: deque[Future[NDArray[np.uint8]]] = deque()
    coming = iter(range(count))

    def drawn(number: int) -> NDArray[np.uint8]:
        picture = pictures(number)
        place = places[number % len(places)]
        if place is None:
            place = places[number % len(places)] = np.empty_like(picture)
        np.copyto(place, picture)
        return place

    with ThreadPoolExecutor(1) as pool:

        def picture(index: int) -> NDArray[np.uint8]:
            while len(waiting) < _DEPTH and (number := next(coming, None)) is not None:
                waiting.append(pool.submit(drawn, number))
            return waiting.popleft().result()

        try:
            yield picture
        finally:
            for future in waiting:
                future.cancel()
