"""Pictures drawn ahead of who asks for them."""

import threading

import numpy as np
import pytest

from dashgaze.collection.simulation.session.drawing_ahead import drawing_ahead

COUNT = 25
SHAPE = (6, 4)


class Painter:
    """Draws its number, always into the same memory, and counts what it drew."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.drawn: list[int] = []
        self.threads: set[int] = set()
        self._canvas = np.zeros(SHAPE, dtype=np.uint8)
        self._fails_at = fails_at
        self._changed = threading.Condition()

    def __call__(self, number: int) -> np.ndarray:
        if number == self._fails_at:
            raise ZeroDivisionError(f"picture {number}")
        self._canvas[:] = number
        with self._changed:
            self.drawn.append(number)
            self.threads.add(threading.get_ident())
            self._changed.notify_all()
        return self._canvas

    def wait_for(self, count: int) -> None:
        """Wait until so many are drawn."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.drawn) >= count, timeout=20)


def test_pictures_come_in_their_order():
    painter = Painter()
    with drawing_ahead([painter], COUNT) as pictures:
        for number in range(COUNT):
            assert (pictures(number) == number).all()
    assert painter.drawn == list(range(COUNT))


def test_a_picture_stays_as_it_is_until_the_next_is_asked_for():
    painter = Painter()
    with drawing_ahead([painter], COUNT) as pictures:
        for number in range(COUNT):
            picture = pictures(number)
            # All that are drawn ahead are drawn now, and nothing more is.
            painter.wait_for(min(number + 3, COUNT))
            assert (picture == number).all()


def test_two_pictures_are_drawn_ahead_and_no_more():
    painter = Painter()
    with drawing_ahead([painter], COUNT) as pictures:
        pictures(0)
        painter.wait_for(3)
        pictures(1)
        painter.wait_for(4)
    assert painter.drawn == [0, 1, 2, 3]


def test_nothing_is_drawn_before_the_first_is_asked_for():
    painter = Painter()
    with drawing_ahead([painter], COUNT):
        pass
    assert painter.drawn == []


def test_one_thread_that_is_not_the_askers_draws():
    painter = Painter()
    with drawing_ahead([painter], COUNT) as pictures:
        for number in range(COUNT):
            pictures(number)
    assert len(painter.threads) == 1
    assert threading.get_ident() not in painter.threads


def test_memory_is_used_again():
    with drawing_ahead([Painter()], COUNT) as pictures:
        addresses = {pictures(number).ctypes.data for number in range(COUNT)}
    assert len(addresses) == 4


def test_as_many_as_there_are_is_enough():
    painter = Painter()
    with drawing_ahead([painter], 2) as pictures:
        assert [int(pictures(number)[0, 0]) for number in range(2)] == [0, 1]
    assert painter.drawn == [0, 1]


def test_an_error_in_drawing_reaches_who_asks_for_that_picture():
    painter = Painter(fails_at=5)
    with drawing_ahead([painter], COUNT) as pictures:
        for number in range(5):
            assert (pictures(number) == number).all()
        with pytest.raises(ZeroDivisionError, match="picture 5"):
            pictures(5)


def test_an_asker_that_stops_early_leaves_nothing_behind():
    painter, before = Painter(), threading.active_count()

    def stop_early():
        with drawing_ahead([painter], COUNT) as pictures:
            pictures(0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_early()
    assert threading.active_count() == before
    assert len(painter.drawn) <= 3


def test_what_is_waiting_is_not_drawn_any_more():
    painter, go_on, begun = Painter(), threading.Event(), threading.Event()

    def slow(number):
        if number == 1:
            begun.set()
            assert go_on.wait(20)
        return painter(number)

    with drawing_ahead([slow], COUNT) as pictures:
        pictures(0)
        assert begun.wait(20)
        threading.Timer(0.5, go_on.set).start()
    assert painter.drawn == [0, 1]


def test_painters_take_turns_each_in_a_thread_of_its_own():
    painters = [Painter(), Painter()]
    with drawing_ahead(painters, COUNT) as pictures:
        assert [int(pictures(number)[0, 0]) for number in range(COUNT)] == list(range(COUNT))
    assert painters[0].drawn == list(range(0, COUNT, 2))
    assert painters[1].drawn == list(range(1, COUNT, 2))
    assert len(painters[0].threads) == len(painters[1].threads) == 1
    assert painters[0].threads != painters[1].threads
