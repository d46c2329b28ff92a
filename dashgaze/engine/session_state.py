"""How a session stands: which stages are fresh, stale, missing, or can't be done, and why."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dashgaze.errors import DashgazeError, MissingExtraError
from dashgaze.session import Session, open_session
from dashgaze.stages.record import why_stale

from .failures import read_failures
from .settings import Settings
from .stage import Stage
from .stage_list import STAGES

State = Literal["fresh", "stale", "missing", "failed", "impossible"]
"""``fresh``: done, and nothing changed. ``stale``: done, and something changed. ``missing``: not done.
``failed``: tried, and ended with an error. ``impossible``: what it needs is not there, nor missed."""

TO_DO: frozenset[State] = frozenset({"stale", "missing", "failed"})
"""States that ask for work."""


@dataclass(frozen=True, kw_only=True)
class StageState:
    """How one stage of a session stands.

    Attributes
    ----------
    stage
        Its name.
    state
        See `State`.
    reasons
        Why it is not fresh, in a few words each.
    verdict
        What it said of its output, as far as there is one.
    """

    stage: str
    state: State
    reasons: tuple[str, ...] = ()
    verdict: str | None = None


@dataclass(frozen=True, kw_only=True)
class SessionState:
    """How a session stands.

    Attributes
    ----------
    path
        Its folder, or its URL.
    session_id
        As its manifest says; None if that can't be read.
    problem
        Why nothing of it can be done; None if something can.
    stages
        Its stages, in order.
    """

    path: str
    session_id: str | None = None
    problem: str | None = None
    stages: tuple[StageState, ...] = ()

    @property
    def to_do(self) -> tuple[str, ...]:
        """Names of the stages that ask for work."""
        return tuple(each.stage for each in self.stages if each.state in TO_DO)

    def to_json(self) -> dict[str, Any]:
        """Give it ready for JSON."""
        # Ten thousand of them are written at once: `dataclasses.asdict` copies each word, and takes ten times as long.
        stages = [
            {
                "stage": each.stage,
                "state": each.state,
                "reasons": each.reasons,
                "verdict": each.verdict,
            }
            for each in self.stages
        ]
        return {
            "path": self.path,
            "session_id": self.session_id,
            "problem": self.problem,
            "stages": tuple(stages),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "SessionState":
        """Read what `to_json` gave."""
        stages = tuple(
            StageState(**{**each, "reasons": tuple(each["reasons"])}) for each in content["stages"]
        )
        return cls(**{**content, "stages": stages})


def stages_until(until: str) -> tuple[Stage, ...]:
    """Give the stages up to one, in order."""
    names = list(STAGES)
    return tuple(STAGES[name] for name in names[: names.index(until) + 1])


def look_at_session(path: Path, settings: Settings, *, until: str = "report") -> SessionState:
    """See how a session stands.

    Parameters
    ----------
    path
        Its folder.
    settings
        Options of the stages.
    until
        Last stage to look at.
    """
    try:
        session = open_session(path)
    except DashgazeError as error:
        return SessionState(path=str(path), problem=str(error))
    failures = read_failures(session)
    states: dict[str, StageState] = {}
    for stage in stages_until(until):
        state = look_at_stage(session, stage, settings)
        first = next((name for name in stage.after if _asks(states.get(name))), None)
        if state.state == "fresh" and first is not None:
            state = StageState(
                stage=stage.name,
                state="stale",
                reasons=(f"{first} comes first",),
                verdict=state.verdict,
            )
        if state.state in TO_DO and stage.name in failures:
            state = StageState(
                stage=stage.name,
                state="failed",
                reasons=(failures[stage.name], *state.reasons),
                verdict=state.verdict,
            )
        states[stage.name] = state
    return SessionState(
        path=str(path), session_id=session.manifest.session_id, stages=tuple(states.values())
    )


def look_at_stage(session: Session, stage: Stage, settings: Settings) -> StageState:
    """See how one stage of a session stands, whatever comes before it."""
    obstacle = stage.obstacle(session)
    if obstacle:
        return StageState(stage=stage.name, state="impossible", reasons=(obstacle,))
    verdict = stage.verdict(session)
    try:
        previous = stage.previous(session)
        if previous is None:
            return StageState(stage=stage.name, state="missing")
        wanted = stage.plan(session, settings.of(stage.name))
        reasons = why_stale(previous, wanted, root=session.root)
        unfilled = "" if reasons else stage.unfilled(session)
    except MissingExtraError as error:
        return StageState(
            stage=stage.name, state="impossible", reasons=(error.what,), verdict=verdict
        )
    except DashgazeError as error:
        return StageState(stage=stage.name, state="stale", reasons=(str(error),), verdict=verdict)
    except Exception as error:  # noqa: BLE001  # a fault at one session must not hide the others
        why = f"a fault of dashgaze: {type(error).__name__}: {error}"
        return StageState(stage=stage.name, state="stale", reasons=(why,), verdict=verdict)
    reasons = reasons or ((unfilled,) if unfilled else ())
    return StageState(
        stage=stage.name, state="stale" if reasons else "fresh", reasons=reasons, verdict=verdict
    )


def _asks(state: StageState | None) -> bool:
    return state is not None and state.state in TO_DO
