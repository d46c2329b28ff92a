"""What a reader has to be told before looking at maps."""

from collections.abc import Sequence

from .displacement import UNITS, Head
from .face_regions import TITLES
from .findings import Findings, HeadFindings
from .randomisation import MOST_ALIKE, learned

LEAST_CONVERGENCE = 0.9
"""Correlation of maps of two halves under which more frames are needed."""

_FEW_SESSIONS = 3
_SESSION_EXCESS = 0.25
_STANDS_OUT = 1.3


def warnings_of(findings: Findings, sessions: int) -> list[str]:
    """Say what speaks against believing the maps, or the network."""
    found = []
    if sessions < _FEW_SESSIONS:
        found.append(
            f"The frames come from {sessions} session{'s' if sessions > 1 else ''}: what holds for "
            "them may not hold for other drivers. Intervals need at least two sessions."
        )
    for name, heads in findings.inputs.items():
        for head, each in heads.items():
            found += [f"Input {name}, {head}: {text}" for text in _of_head(each)]
    for head, share in findings.shortcuts.items():
        outside, area = share.outside, share.area_outside
        if outside is not None and outside.mean > 0.5:
            found.append(
                f"The driver view moves the {head} by what lies outside of the face for "
                f"{100 * outside.mean:.0f} % of its saliency ({100 * area.mean:.0f} % of its area is there): "
                "the network may answer by the car or the seat, which a new car would break."
            )
    named = [
        probe
        for probe in findings.probes
        if probe.target == "session" and probe.value > probe.chance + _SESSION_EXCESS
    ]
    if named:
        shares = ", ".join(f"{probe.branch} {100 * probe.value:.0f} %" for probe in named)
        found.append(
            f"Features name the session in later frames of it ({shares}; chance "
            f"{100 * named[0].chance:.0f} %): the network sees who or where it is, and can answer by that."
        )
    return found


def _of_head(found: HeadFindings) -> Sequence[str]:
    if found.refusal is not None:
        return [found.refusal]
    texts = []
    if found.sanity and not learned(found.sanity):
        last = found.sanity[-1].rank_correlation
        texts.append(
            f"the map does not pass the randomisation test. With all weights on its way shuffled, it still "
            f"correlates {last:.2f} by rank with the true one (at most {MOST_ALIKE} was expected): it shows "
            "contrasts of pictures more than what was learned."
        )
    if found.convergence and found.convergence[-1][1] < LEAST_CONVERGENCE:
        count, value = found.convergence[-1]
        texts.append(
            f"maps of two halves of {count} frames correlate only {value:.2f}; more frames are needed."
        )
    faithful = found.faithful
    if faithful is not None:
        gain = faithful.gain
        # With one session there is no interval; then only a map that fails outright is named.
        if (gain.mean if gain.low is None else gain.low) <= 0:
            texts.append(
                "it is not shown that the map is faithful: blurring its most salient fifth does not move the "
                "answer more than blurring a random fifth, beyond doubt."
            )
    return texts


def in_words(found: HeadFindings, head: Head) -> str:
    """Say where a map lies, in one sentence."""
    if found.map is None:
        return found.refusal or ""
    density = {
        name: each["share"] / each["area"]
        for name, each in found.shares.items()
        if each["area"] > 0
    }
    best = max(density, key=lambda name: density[name])
    where = (
        f"The {head} hangs most on {TITLES[best]}, {density[best]:.1f} times what its area would have."
        if density[best] >= _STANDS_OUT
        else f"No part of the face stands out for the {head}."
    )
    parts = ", ".join(
        f"{TITLES[name]} {100 * each['share']:.0f} % (of the area {100 * each['area']:.0f} %)"
        for name, each in found.shares.items()
    )
    return (
        f"{where} Shares of the map: {parts}. Largest displacement in any "
        f"frame {found.largest:.3g} {UNITS[head]}; mean over {found.map.frames} frames of "
        f"{found.map.sessions} session{'s' if found.map.sessions > 1 else ''}."
    )
