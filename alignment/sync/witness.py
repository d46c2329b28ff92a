"""What independent looks at the offset say, and what becomes of the verdict."""

from collections.abc import Sequence
from dataclasses import replace

from dashgaze.media import Sound

from ..time_map import TimeMap
from .envelope import match_envelopes
from .events import match_events
from .result import SyncResult, Witness

_ENVELOPE_STRENGTH = 7.0
_ENVELOPE_LIMIT_S = 0.025
_EVENTS_LIMIT_S = 0.01


def envelope_witness(a: Sound, b: Sound, time_map: TimeMap) -> Witness:
    """Ask how loudness rises and falls."""
    match = match_envelopes(a, b, time_map)
    if match is None or match.strength < _ENVELOPE_STRENGTH:
        strength = None if match is None else match.strength
        return Witness(method="envelope", disagreement_ms=None, strength=strength, agrees=None)
    return Witness(
        method="envelope",
        disagreement_ms=match.disagreement_s * 1e3,
        strength=match.strength,
        agrees=abs(match.disagreement_s) <= _ENVELOPE_LIMIT_S,
    )


def confirmed_by_events(
    result: SyncResult, a: Sound, b: Sound, events_a_s: Sequence[float]
) -> SyncResult:
    """Ask the claps or chirps that were logged; where both devices heard some, they are the witness.

    Parameters
    ----------
    result
        What was found; its map takes b's time to a's.
    a, b
        The sounds.
    events_a_s
        When the events were logged, on a's time line, s.
    """
    time_map = result.time_map
    match = None if time_map is None else match_events(a, b, time_map, events_a_s)
    if match is None:
        return result
    agrees = abs(match.disagreement_s) <= _EVENTS_LIMIT_S
    witness = Witness(
        method="events",
        disagreement_ms=match.disagreement_s * 1e3,
        strength=match.strength,
        agrees=agrees,
    )
    if agrees:
        return replace(result, witness=witness)
    reason = (
        f"{match.heard} logged claps or chirps disagree by {match.disagreement_s * 1e3:+.0f} ms."
    )
    return replace(result, verdict="doubtful", reasons=(*result.reasons, reason), witness=witness)
