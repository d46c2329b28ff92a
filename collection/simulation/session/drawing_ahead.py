"""Pictures drawn while earlier ones are being encoded."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import numpy as np
from numpy.typing import NDArray

from ..drive_pictures import Pictures

_DEPTH = 3


@contextmanager
def drawing_ahead(painters: Sequence[Pictures], count: int) -> Iterator[Pictures]:
    """Draw pictures a few ahead of who asks for them.

    Parameters
    ----------
    painters
        Each draws the picture of a number, in a thread of its own, and they take turns; a painter's memory
        may be the same each time.
    count
        How many there are; they have to be asked for in their order.

    Yields
    ------
    Pictures
        Gives the same pictures; each stays as it is until the next is asked for.
    """
    # One that the asker has, and those that wait; the same memory again and again.
    depth = _DEPTH + len(painters) - 1
    places: list[NDArray[np.uint8] | None] = [None] * (depth + 1)
    waiting: deque[Future[NDArray[np.uint8]]] = deque()
    coming = iter(range(count))

    def drawn(number: int) -> NDArray[np.uint8]:
        picture = painters[number % len(painters)](number)
        place = places[number % len(places)]
        if place is None:
            place = places[number % len(places)] = np.empty_like(picture)
        np.copyto(place, picture)
        return place

    with ExitStack() as stack:
        hands = [stack.enter_context(ThreadPoolExecutor(1)) for _ in painters]

        def picture(index: int) -> NDArray[np.uint8]:
            while len(waiting) < depth and (number := next(coming, None)) is not None:
                waiting.append(hands[number % len(hands)].submit(drawn, number))
            return waiting.popleft().result()

        try:
            yield picture
        finally:
            for future in waiting:
                future.cancel()
