"""Looks at the road that `align` takes in passing give the vanishing points that decoding anew gives, to the bit."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from dashgaze.alignment.vanishing_point import kept_looks
from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.media import read_frame_times
from dashgaze.session import open_session
from dashgaze.stages.align import align, align_parts
from dashgaze.stages.road_flow import kept_road_flow, remove_road_flow, road_flow_is_left
from dashgaze.stages.vanishing_point import VanishingPointOptions, vanishing_point

EGO_FRAMES = 70
ROAD_FRAMES = 150
OPTIONS = VanishingPointOptions(focal_px=560.0)
# As phones code: with the filter of block edges, which drafts leave out.
CODED = {"preset": "veryfast", "crf": "24"}


@pytest.fixture(autouse=True, scope="module")
def small_chunks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dashgaze.alignment.chunk.CHUNK_FRAMES", 25)
        yield


@pytest.fixture
def taken(monkeypatch):
    """Rows of the plan whose pictures were decoded for want of a look."""
    rows, see = [], kept_looks.LookSource._see

    def counting(self, row):
        rows.append(row)
        return see(self, row)

    monkeypatch.setattr(kept_looks.LookSource, "_see", counting)
    return rows


@pytest.fixture(scope="module")
def pictures(short_drive, made_drive):
    path = made_drive / "phone" / "road.mp4"
    return short_drive.lumas(path, ROAD_FRAMES), read_frame_times(path).time_s


@pytest.fixture(scope="module")
def drive(short_drive, made_drive, pictures, tmp_path_factory):
    """Make a session whose road video shows some of the pictures, coded in a way of its own.

    It runs on for more than a second before and after that of the eye tracker.
    """

    def make(name="s", *, frames=range(ROAD_FRAMES), turned=False, spoilt=(), **options):
        folder = tmp_path_factory.mktemp("passing")
        root = short_drive.copy_of(made_drive, folder / name, ego_frames=EGO_FRAMES)
        road = root / "phone" / "road.mp4"
        road.unlink()
        lumas, times_s = pictures
        shown = [np.rot90(lumas[i], -1) if turned else lumas[i] for i in frames]
        write_video(
            road,
            times_s=times_s[list(frames)],
            size_px=shown[0].shape[::-1],
            images=lambda i: short_drive.i420(np.ascontiguousarray(shown[i])),
            options=FileOptions(
                rotation_deg=90 if turned else 0, **{"video_options": CODED, **options}
            ),
        )
        short_drive.spoil_packets(road, spoilt)
        return short_drive.set_clocks(root)

    return make


def sweep(session):
    """Match all stretches, and keep looks; the last one first."""
    for part in reversed(align_parts(session, keep_road_flow=True)):
        part.do()


@pytest.fixture(scope="module")
def swept_drive(drive):
    session = drive()
    sweep(session)
    return session


@pytest.fixture
def swept(swept_drive, tmp_path):
    """A copy of a drive whose looks are kept."""
    return open_session(shutil.copytree(swept_drive.root, tmp_path / "s"))


def found(session):
    """Find the vanishing points; give all that is said of them."""
    path = vanishing_point(session, OPTIONS, force=True)
    record = json.loads((session.derived / "vanishing_point.json").read_text())
    return pq.read_table(path), record["summary"]


def uneven():
    rng = np.random.default_rng(3)
    return sorted(rng.choice(ROAD_FRAMES, 110, replace=False).tolist())


CASES = {
    "plain": {},
    "frames at uneven times": {"frames": uneven()},
    "stored out of order": {"b_frames": 2, "key_interval": 45},
    "damaged pictures": {"spoilt": (50, 51, 76, 120)},
    "a damaged keyframe": {"spoilt": (60,)},
    "turned": {"turned": True},
}


def cases(*, slow):
    return [pytest.param(each, marks=[pytest.mark.slow] if each in slow else []) for each in CASES]


@pytest.mark.parametrize("case", cases(slow={"plain", "a damaged keyframe"}))
def test_looks_in_passing_give_the_same(case, drive, taken):
    session = drive(**CASES[case])
    sweep(session)
    assert road_flow_is_left(session)
    points, summary = found(session)
    decoded = len(taken)
    assert not road_flow_is_left(session)
    anew, summary_anew = found(session)
    assert points.equals(anew)
    assert summary == summary_anew
    assert summary["pairs_with_focus"] > 3
    # What lies beside the eye tracker's recording, and no more; stretches join without a gap.
    assert 20 < decoded < 0.7 * (len(taken) - decoded)
    damaged = any("damaged" in each for each in summary["reasons"])
    assert damaged == ("damaged" in case)


def test_a_damaged_or_missing_stretch_is_looked_at_anew(swept, taken):
    session = swept
    (folder,) = session.derived.glob(".road-flow-*.part")
    _, second, third = sorted(folder.glob("looks_*.npz"))
    second.write_bytes(second.read_bytes()[:-300])
    third.unlink()
    points, _ = found(session)
    decoded = len(taken)
    anew, _ = found(session)
    assert points.equals(anew)
    assert 30 < decoded < len(taken) - decoded


def test_without_the_mask_nothing_is_taken(swept, taken):
    session = swept
    (folder,) = session.derived.glob(".road-flow-*.part")
    (folder / "static.npz").write_bytes(b"torn")
    assert kept_road_flow(session) is None
    points, _ = found(session)
    decoded = len(taken)
    anew, _ = found(session)
    assert points.equals(anew)
    assert decoded == len(taken) - decoded


def test_looks_at_another_video_are_not_taken(swept, drive):
    session, other = swept, drive(frames=range(140))
    assert kept_road_flow(session) is not None
    shutil.copy(other.road_path, session.road_path)
    assert kept_road_flow(session) is None
    found(session)
    assert not road_flow_is_left(session)


def test_what_is_left_of_another_video_is_removed_by_the_next_sweep(swept):
    session = swept
    left = session.derived / ".road-flow-0123456789abcdef.part"
    left.mkdir()
    assert align_parts(session, keep_road_flow=True) == []
    (folder,) = session.derived.glob(".road-flow-*.part")
    assert folder != left


def test_align_keeps_nothing_unasked_and_gives_the_same_when_asked(drive, short_drive):
    session, asked = drive("s"), drive("asked")
    align(session)
    assert not road_flow_is_left(session)
    align(asked, keep_road_flow=True)
    assert road_flow_is_left(asked)
    both = short_drive.tables(session.root), short_drive.tables(asked.root)
    assert short_drive.same_tables(*both)
    remove_road_flow(asked)
    assert not road_flow_is_left(asked)


@pytest.mark.slow
def test_processes_keep_the_same_looks(drive):
    one, two = drive("one"), drive("two")
    align(one, keep_road_flow=True, workers=1)
    align(two, keep_road_flow=True, workers=2)

    def looks(session):
        kept = kept_road_flow(session)
        return {
            path.name: [
                (each.index, each.seen, None if each.flow is None else each.flow.to_px.tobytes())
                for each in kept_looks.load_looks(path)
            ]
            for path in kept.paths
        }

    assert looks(one) == looks(two)
    assert len(looks(one)) == 3


def test_a_video_that_is_changed_meanwhile_is_told_and_nothing_is_kept(drive):
    from dashgaze.errors import InputError

    session = drive()
    (part, *_) = align_parts(session, keep_road_flow=True)
    content = Path(session.road_path).read_bytes()
    Path(session.road_path).write_bytes(content)
    with pytest.raises(InputError, match="changed"):
        part.do()
    assert not kept_road_flow(open_session(session.root)).paths
