"""Made-up devices whose state lives in a file, a loop whose time jumps, and a scripted observer."""

import asyncio
import concurrent.futures
import json
import selectors
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from dashgaze.collection.field.check import Check
from dashgaze.collection.field.device import ClockOffset, Health, Started
from dashgaze.collection.record.host_clock import HostClock
from dashgaze.errors import DeviceError

BEGAN_NS = 1_800_000_000 * 10**9


class JumpingSelector(selectors.DefaultSelector):
    """Waits for nothing: time jumps on instead."""

    ahead_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready and timeout is not None and timeout > 0:
            self.ahead_s += timeout
        elif not ready and timeout is None:
            raise RuntimeError("everything waits for ever")
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.jumping = JumpingSelector()
        super().__init__(self.jumping)
        self.set_default_executor(AtOnce())

    def time(self) -> float:
        return 1000.0 + self.jumping.ahead_s


class AtOnce(concurrent.futures.ThreadPoolExecutor):
    """An executor without threads."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        future.set_result(fn(*args, **kwargs))
        return future


class JumpingClock(HostClock):
    """The host's clocks in jumping time."""

    def __init__(self, start_ns: int = BEGAN_NS) -> None:
        self._start_ns = start_ns

    def now_ns(self) -> int:
        return self._start_ns + self.monotonic_ns()

    def monotonic_ns(self) -> int:
        try:
            return round(asyncio.get_running_loop().time() * 1e9)
        except RuntimeError:
            return 10**12


def in_jumping_time(main: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)


class FakeDevice:
    """A device whose recording outlives the program: its state is in a file.

    Switches: `refuse_start`, `start_lost` (done, and the answer lost), `gone_after_start`, `stop_fails` (so many times), `grows`,
    `reachable`, `health` values.
    """

    def __init__(self, role: str, path: Path) -> None:
        self.role, self.path = role, path
        self.name = f"fake {role}"
        self.kind = "neon" if role == "tracker" else None
        self.level = "green"
        self.refuse_start = self.start_lost = False
        self.gone_after_start = False
        self.stop_fails = 0
        self.grows = self.reachable = True
        self.hangs = False
        self.values: dict[str, Any] = {}
        self.marks: list[tuple[str, int]] = []
        self.connects = 0

    @property
    def state(self) -> dict[str, Any]:
        if not self.path.exists():
            return {"recording": False, "starts": 0, "stops": 0, "takeovers": 0}
        return dict(json.loads(self.path.read_text()))

    def change(self, **new: Any) -> None:
        self.path.write_text(json.dumps(self.state | new))

    def _answer(self) -> None:
        if not self.reachable:
            raise DeviceError("It does not answer.", unknown=True, fix="Look at its cable.")

    async def connect(self) -> None:
        self.connects += 1
        self._answer()

    async def check(self, plan: Any) -> list[Check]:
        self._answer()
        fix = "" if self.level == "green" else "Charge it."
        return [
            Check(
                code=f"{self.role}.battery",
                subject=self.role,
                level=self.level,
                what="Battery 80 %.",
                fix=fix,
            )
        ]

    async def clock_offset(self) -> ClockOffset | None:
        self._answer()
        offset_ms = 250.0 if self.role == "tracker" else -40.0
        return ClockOffset(host_ns=BEGAN_NS, offset_ms=offset_ms, uncertainty_ms=2.0)

    async def start(self, plan: Any) -> Started:
        self._answer()
        state = self.state
        if state["recording"]:
            self.change(takeovers=state["takeovers"] + 1)
        elif self.refuse_start:
            raise DeviceError("No wearer is chosen.", fix="Choose one in the app.")
        else:
            self.change(recording=True, starts=state["starts"] + 1)
        if self.start_lost:
            self.start_lost = False
            self.reachable = not self.gone_after_start
            raise DeviceError("The answer to start was lost.", unknown=True)
        return Started(recording_id=f"{self.role}-1", host_ns=BEGAN_NS)

    async def health(self) -> Health:
        if self.hangs:
            await asyncio.sleep(1e6)
        if not self.reachable:
            return Health(host_ns=BEGAN_NS, reachable=False, note="no answer")
        recording = self.state["recording"]
        return Health(
            host_ns=BEGAN_NS,
            reachable=True,
            **({"recording": recording, "growing": recording and self.grows} | self.values),
        )

    async def mark(self, name: str, host_ns: int) -> None:
        self._answer()
        self.marks.append((name, host_ns))

    async def stop(self) -> None:
        self._answer()
        if self.stop_fails:
            self.stop_fails -= 1
            raise DeviceError("It did not stop.", fix="Try again.")
        state = self.state
        self.change(recording=False, stops=state["stops"] + int(state["recording"]))

    async def files(self) -> list[Any]:
        return []

    async def close(self) -> None:
        pass


Step = tuple[Callable[[Any], bool], str]


class ScriptedDesk:
    """Presses the next key once what it waits for is on the screen."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = list(steps)
        self.views: list[Any] = []
        self.bells = 0
        self.pressed: list[str] = []

    def show(self, view: Any) -> None:
        self.views.append(view)

    def bell(self) -> None:
        self.bells += 1

    async def key(self) -> str:
        waited = 0
        while True:
            if self.steps and self.views and self.steps[0][0](self.views[-1]):
                self.pressed.append(self.steps[0][1])
                return self.steps.pop(0)[1]
            await asyncio.sleep(0.1)
            waited += 1
            if waited > 6000:
                raise RuntimeError(
                    f"ten minutes passed; waiting for {self.steps[:1]} at {self.views[-1]}"
                )


def text_of(view: Any) -> str:
    """All words of a view."""
    return json.dumps(view, default=lambda o: o.__dict__, ensure_ascii=False)


class PatientDesk(ScriptedDesk):
    """Presses a key whenever its view is there, as often as it comes."""

    async def key(self) -> str:
        for _ in range(6000):
            await asyncio.sleep(0.1)
            for fits, key in self.steps:
                if self.views and fits(self.views[-1]):
                    self.pressed.append(key)
                    return key
        raise RuntimeError(f"ten minutes passed at {self.views[-1]}")
