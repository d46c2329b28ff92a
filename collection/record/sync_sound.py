"""Making the sound by which the recordings are aligned, and logging it so that sync finds it."""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from dashgaze.errors import DashgazeError

from .host_clock import HostClock
from .loudspeaker import Loudspeaker
from .marks import Marks

Place = Literal["start", "middle", "end"]

CLAPS_S = 3.0
"""How long three claps take. The event is logged at their middle: sync looks two seconds around it."""


async def make_sync_sound(
    place: Place,
    *,
    loudspeaker: Loudspeaker | None,
    path: Path,
    marks: Marks,
    clock: HostClock,
    say: Callable[[str], None],
    seed: int | None = None,
) -> None:
    """Play the chirp, or have somebody clap; either is logged, at its middle.

    ``dashgaze sync`` finds the tracker's own events whose name holds ``chirp`` or ``clap``.

    Parameters
    ----------
    place
        When in the drive; the event is ``chirp.<place>`` or ``clap.<place>``.
    loudspeaker
        Who plays it; None to clap.
    path
        Where the sound is written to.
    marks
        Logs and sends the event.
    clock
        The host's clocks.
    say
        Shows a sentence to the observer.
    seed
        Of the chirp; None to draw one.
    """
    if loudspeaker is not None:
        from .chirp import chirp_of, write_chirp

        chirp = chirp_of(secrets.randbelow(2**31) if seed is None else seed)
        say("Sync sound: quiet, please …")
        try:
            write_chirp(chirp, path)
            began_ns = clock.now_ns()
            await loudspeaker.play(path)
        except DashgazeError as error:
            say(f"{error.what} Clap instead.")
            await asyncio.sleep(1.0)
        else:
            marks.add(
                f"chirp.{place}",
                host_ns=began_ns + round(chirp.duration_s / 2 * 1e9),
                source="recorder",
                details={
                    "seed": chirp.seed,
                    "gaps_s": list(chirp.gaps_s),
                    "began_ns": began_ns,
                    "player": loudspeaker.name,
                },
            )
            say("Sync sound: done.")
            return
    began_ns = clock.now_ns()
    say("CLAP THREE TIMES NOW, slowly, in view of both cameras.")
    await asyncio.sleep(CLAPS_S)
    marks.add(
        f"clap.{place}",
        host_ns=began_ns + round(CLAPS_S / 2 * 1e9),
        source="recorder",
        details={"began_ns": began_ns},
    )
    say("Claps: noted.")
