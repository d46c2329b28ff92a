"""In which order a session's jobs come, and what an error does to the rest."""

import pytest

from dashgaze.engine.course import Course
from dashgaze.engine.job import JobResult
from dashgaze.engine.session_state import SessionState
from dashgaze.engine.settings import Settings
from dashgaze.engine.stage_list import STAGES

DONE = JobResult(outcome="done", verdict="ok")


class Piece:
    row_count = 600

    def do(self):
        raise AssertionError("nobody is asked to do it here")


def course(**changes):
    return Course(state=SessionState(path="s", session_id="s"), settings=Settings(), **changes)


def settle(way, name, result=DONE):
    """Have the named stage's job, which has to be ready, end; gives the jobs that are ready then."""
    (job,) = [each for each in way.ready if each.stage == name]
    way.ready.remove(job)
    way.ready += way.ended(job, result)
    way.ready += way.next_jobs()


@pytest.fixture
def way():
    made = course()
    made.ready = list(made.next_jobs())
    return made


def test_stages_come_after_those_they_build_on(way):
    assert [job.stage for job in way.ready] == ["sync"]
    settle(way, "sync")
    assert [job.stage for job in way.ready] == ["frames"]
    settle(way, "frames")
    assert [job.stage for job in way.ready] == ["align", "faces"]
    settle(way, "faces")
    settle(way, "align")
    assert [job.stage for job in way.ready] == ["vanishing-point"]
    settle(way, "vanishing-point")
    settle(way, "report")
    assert way.is_over
    assert not way.is_bad
    assert {each.outcome for each in way.outcomes.values()} == {"done"}


def test_an_error_ends_only_what_needs_the_stage(way):
    settle(way, "sync", JobResult(outcome="failed", reasons=("no sound",)))
    settle(way, "frames")
    assert [job.stage for job in way.ready] == ["vanishing-point", "faces"]
    assert way.outcomes["align"].outcome == "skipped"
    assert way.outcomes["align"].reasons == ("it needs sync: no sound",)
    settle(way, "vanishing-point")
    settle(way, "faces")
    settle(way, "report")
    assert way.is_over
    assert way.is_bad


def test_what_needs_something_that_was_never_there_is_not_missed(way):
    settle(way, "sync", JobResult(outcome="impossible", reasons=("no road video",)))
    settle(way, "frames")
    assert way.outcomes["align"].outcome == "impossible"
    assert not way.is_bad


def test_a_job_knows_which_stages_come_after_it(way):
    assert way.ready[0].coming == {"frames", "align", "vanishing-point", "faces", "report"}
    settle(way, "sync")
    settle(way, "frames")
    coming = {job.stage: job.coming for job in way.ready}
    assert coming == {"align": {"vanishing-point", "report"}, "faces": {"report"}}
    (job,) = course(until="sync").next_jobs()
    assert job.coming == frozenset()


def test_parts_come_before_the_stage_is_asked_again(way):
    settle(way, "sync")
    settle(way, "frames")
    (job,) = [each for each in way.ready if each.stage == "align"]
    assert job.may_divide
    parts = way.ended(
        job, JobResult(outcome="divided", parts=(Piece(), Piece(), Piece()), reasons=("stale",))
    )
    assert [each.part.row_count for each in parts] == [600, 600, 600]
    assert way.ended(parts[1], DONE) == []
    assert way.share_of("align") == pytest.approx(1 / 3)
    assert way.ended(parts[0], DONE) == []
    (last,) = way.ended(parts[2], JobResult(outcome="done", wall_s=2.0, cpu_s=1.5))
    assert last.part is None
    assert not last.may_divide
    assert way.ended(last, DONE) == []
    assert way.outcomes["align"].part_count == 3
    assert way.outcomes["align"].wall_s == 2.0
    assert way.outcomes["align"].reasons == ("stale",)
    assert [each.stage for each in way.next_jobs()] == ["vanishing-point"]


def test_a_part_that_failed_fails_the_stage_once_the_others_have_ended(way):
    settle(way, "sync")
    settle(way, "frames")
    (job,) = [each for each in way.ready if each.stage == "align"]
    parts = way.ended(job, JobResult(outcome="divided", parts=(Piece(), Piece())))
    assert way.ended(parts[0], JobResult(outcome="failed", reasons=("disk full",))) == []
    assert "align" not in way.outcomes
    assert way.ended(parts[1], DONE) == []
    assert way.outcomes["align"].outcome == "failed"
    assert way.outcomes["align"].reasons == ("disk full",)


def test_force_is_told_once(way):
    forced = course(force=True, until="align")
    (sync,) = forced.next_jobs()
    assert sync.force
    forced.ended(sync, DONE)
    (frames,) = forced.next_jobs()
    forced.ended(frames, DONE)
    (align,) = forced.next_jobs()
    assert align.force
    (part,) = forced.ended(align, JobResult(outcome="divided", parts=(Piece(),)))
    assert not part.force
    (last,) = forced.ended(part, DONE)
    assert not last.force, "else it would throw away its parts"


def test_until_ends_early():
    short = course(until="frames")
    (sync,) = short.next_jobs()
    short.ended(sync, DONE)
    (frames,) = short.next_jobs()
    short.ended(frames, DONE)
    assert list(short.next_jobs()) == []
    assert short.is_over


def test_every_stage_comes_after_stages_that_come_before_it():
    names = list(STAGES)
    for place, stage in enumerate(STAGES.values()):
        assert set(stage.after) <= set(names[:place])
        assert set(stage.needs) <= set(stage.after)


def test_what_the_longest_chain_waits_for_is_awaited_most(way):
    settle(way, "sync")
    settle(way, "frames")
    align, faces = way.ready
    cost = {name: stage.machine_s_per_drive_s for name, stage in STAGES.items()}
    end = cost["vanishing-point"] + cost["report"]
    with_sweep = way.awaited_s(align)
    assert with_sweep == pytest.approx(cost["align"] + end)
    assert way.awaited_s(faces) == pytest.approx(cost["faces"] + cost["report"])
    parts = way.ended(align, JobResult(outcome="divided", parts=(Piece(), Piece())))
    assert [way.awaited_s(each) for each in parts] == [with_sweep] * 2
    way.ended(parts[0], DONE)
    (join,) = way.ended(parts[1], DONE)
    assert way.awaited_s(join) == pytest.approx(end), "its long part is done"
