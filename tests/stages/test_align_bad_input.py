"""The align stage on what goes wrong with recordings: it answers what it can and says why not the rest."""

import json
import shutil
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from dashgaze.collection.eye_tracker import GazePart, ImuPart, write_native_invisible
from dashgaze.collection.simulation.car_motion import CarMotion
from dashgaze.collection.simulation.drive_tracker import scene_camera
from dashgaze.collection.simulation.media_writer import write_video
from dashgaze.collection.simulation.picture_planes import stacked
from dashgaze.collection.simulation.road_view import RoadView
from dashgaze.errors import InputError
from dashgaze.media import LumaReader, read_frame_times
from dashgaze.schemas.homography_table import HOMOGRAPHY_TABLE
from dashgaze.session import open_session
from dashgaze.stages.align import align

WORLD = "eye_tracker/PI world v1 ps1.mp4"
ROAD = "phone/road.mp4"
OTHERS = (99, 100, 101, 102, 105)


def grey(_, luma):
    return np.full_like(luma, 128)


def calibrated(found):
    """Never sure and wrong: no frame whose stated error is small and whose place is far off."""
    stated = np.sqrt(np.trace(found.covariance_px2, axis1=1, axis2=2) / 2)
    with np.errstate(invalid="ignore"):
        return (
            not ((stated < 5) & (found.off_px > 30)).any()
            and not (found.off_px > 6 * np.maximum(stated, 0.3)).any()
        )


def has_contract(short_drive, root):
    tables = short_drive.tables(root)
    schema = tables["homographies"].schema
    return schema.equals(HOMOGRAPHY_TABLE.to_arrow(), check_metadata=True) and (
        tables["homographies"].num_rows == tables["frames"].num_rows
    )


def all_none(found, reason):
    assert set(found.source) == {"none"}
    assert set(found.reason) == {reason}
    assert found.frames["gaze_road_x_px"].isna().all()
    assert found.gaze["gaze_road_x_px"].isna().all()
    assert found.homographies["road_from_ego"].isna().all()


class TestClocks:
    def test_recordings_that_do_not_overlap(self, short_drive, copied):
        root = copied(40, clocks=False)
        short_drive.set_clocks(root, later_s=3600.0)
        found = short_drive.align_drive(root)
        all_none(found, "no_road_frame")
        summary = found.summary
        assert summary["verdict"] == "failed"
        assert "don't overlap in time" in summary["reasons"][0]
        assert (summary["pair_count"], summary["frame_count"]) == (0, 40)
        assert summary["direct_share"] is summary["median_error_px"] is None
        assert has_contract(short_drive, root)

    def test_clocks_that_are_not_aligned_yet(self, short_drive, copied):
        root = copied(40, clocks=False)
        with pytest.raises(InputError, match=r"not aligned yet.*dashgaze sync"):
            align(open_session(root), workers=1)
        assert not (root / "derived").exists()

    def test_clocks_that_could_not_be_aligned(self, short_drive, copied):
        root = copied(40)
        path = root / "derived" / "time_map.json"
        document = json.loads(path.read_text(encoding="utf-8"))
        document |= {"verdict": "failed", "segments": [], "reasons": ["Nothing but silence."]}
        path.write_text(json.dumps(document), encoding="utf-8")
        with pytest.raises(InputError, match=r"could not be aligned.*--manual-offset"):
            align(open_session(root), workers=1)
        assert [each.name for each in path.parent.iterdir()] == ["time_map.json"]
        found = short_drive.align_drive(root, force=True)
        all_none(found, "no_road_frame")
        assert found.summary["verdict"] == "failed"
        assert has_contract(short_drive, root)

    def test_a_time_map_that_can_t_be_read(self, copied):
        root = copied(40)
        (root / "derived" / "time_map.json").write_text("{}", encoding="utf-8")
        with pytest.raises(InputError, match="time map"):
            align(open_session(root), workers=1)

    def test_clocks_that_are_a_little_off(self, short_drive, copied):
        """Half a second: the views still match, and nothing is answered as if it were exact."""
        root = copied(40, clocks=False)
        short_drive.set_clocks(root, later_s=0.5)
        found = short_drive.align_drive(root)
        assert found.summary["verdict"] != "ok"


class TestEgoVideo:
    def test_all_grey(self, short_drive, copied):
        root = copied(40, clocks=False)
        short_drive.rewrite_video(root / WORLD, 40, grey)
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        all_none(found, "no_match_near")
        assert set(found.homographies["match_refusal"]) <= {"few_features", "out_of_sight"}
        assert found.summary["verdict"] == "failed"
        assert "No ego picture could be matched" in found.summary["reasons"][0]

    def test_grey_for_a_while(self, short_drive, copied):
        root = copied(40, clocks=False)
        hidden = slice(15, 30)
        short_drive.rewrite_video(
            root / WORLD, 40, lambda i, luma: grey(i, luma) if 15 <= i < 30 else luma
        )
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        assert set(found.source[:15]) == set(found.source[30:]) == {"direct"}
        assert set(found.source[hidden]) == {"propagated"}
        assert (found.homographies["homography_inlier_count"][hidden] == 0).all()
        hops = found.homographies["homography_hops"].to_numpy(dtype=float)
        assert hops[hidden].tolist() == [min(i - 14, 30 - i) for i in range(15, 30)]
        assert np.nanmax(found.off_px[hidden]) < 10
        assert calibrated(found)
        assert np.median(found.error_px[hidden]) > np.median(found.error_px[:15])

    def test_far_from_any_match_without_a_gyroscope_nobody_knows(self, short_drive, copied):
        root = copied(clocks=False)
        for name in ("extimu ps1.raw", "extimu ps1.time"):
            (root / "eye_tracker" / name).unlink()
        short_drive.rewrite_video(
            root / WORLD, 149, lambda i, luma: luma if i < 30 else grey(i, luma)
        )
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        assert set(found.source[:30]) == {"direct"}
        assert "direct" not in found.source[30:]
        far = slice(30 + 76, 120)
        assert set(found.source[far]) == {"none"}
        assert set(found.reason[far]) <= {"no_match_near", "too_uncertain"}
        assert found.frames["gaze_road_x_px"][far].isna().all()
        # its error grows with the distance, until it is too large to be of use
        stated = found.error_px[30:106]
        answered = np.flatnonzero(np.isfinite(stated))
        assert answered.tolist() == list(range(len(answered)))
        assert (np.diff(stated[answered]) > -1.0).all()
        assert calibrated(found)
        # and it is no smaller than the guess is bad: the head goes on as it likes
        filled = answered + 30
        assert np.nanmean(found.off_px[filled] <= 3 * found.error_px[filled]) > 0.8

    def test_damaged_in_the_middle(self, short_drive, copied):
        root = copied(60, clocks=False)
        short_drive.spoil_packets(root / WORLD, range(20, 23))
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        assert set(found.source[:20]) == {"direct"}
        assert set(found.source[30:40]) == {"direct"}  # from the next keyframe on
        assert "direct" not in found.source[20:23]
        assert any("of the ego pictures" in each for each in found.summary["reasons"])
        clear = np.r_[0:20, 30:40]
        assert np.nanmax(found.off_px[clear]) < 3
        assert has_contract(short_drive, root)

    def test_pictures_that_refer_to_damaged_ones_are_not_trusted(self, short_drive, copied):
        """Up to the next keyframe they show what was there before, moved by what is new."""
        root = copied(45, clocks=False)
        short_drive.spoil_packets(root / WORLD, range(20, 23))
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        assert calibrated(found)

    def test_one_frame_only(self, short_drive, copied):
        found = short_drive.align_drive(copied(1))
        assert found.source.tolist() == ["direct"]
        assert found.homographies["homography_hops"].tolist() == [0]
        assert found.summary["verdict"] != "ok"

    def test_two_frames(self, short_drive, copied):
        found = short_drive.align_drive(copied(2))
        assert found.source.tolist() == ["direct"] * 2
        assert np.nanmax(found.off_px) < 3

    def test_a_video_that_can_t_be_read(self, short_drive, copied):
        root = copied(20, clocks=False)
        (root / WORLD).write_bytes(b"not a video")
        short_drive.set_clocks(root)
        with pytest.raises(InputError, match=r"scene camera video that can be read.*Copy"):
            align(open_session(root), workers=1)
        assert not (root / "derived" / "align.json").exists()

    def test_no_video(self, short_drive, copied):
        root = copied(20, clocks=False)
        (root / WORLD).unlink()
        short_drive.set_clocks(root)
        with pytest.raises(InputError, match=r"scene camera video that can be read.*Copy"):
            align(open_session(root), workers=1)

    def test_fewer_pictures_than_time_stamps(self, short_drive, copied):
        root = copied(40, clocks=False)
        short_drive.rewrite_video(root / WORLD, 30, lambda _, luma: luma)
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        assert found.source.tolist() == ["direct"] * 30
        assert np.nanmax(found.off_px) < 3


class TestRoadVideo:
    @pytest.mark.parametrize(
        "seed", [107, *(pytest.param(n, marks=pytest.mark.slow) for n in OTHERS)]
    )
    def test_of_another_drive(self, short_drive, copied, seed):
        """Lanes look alike, but the views don't show one world."""
        root = copied(clocks=False)
        times_s = read_frame_times(root / ROAD).time_s
        view = RoadView(short_drive.ROAD_SIZE, seed=seed)
        car = CarMotion(seed).world_from_car(times_s)
        write_video(
            root / ROAD,
            times_s=times_s,
            size_px=short_drive.ROAD_SIZE,
            images=lambda i: stacked(view.picture(i, times_s[i], car[i])),
        )
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        assert found.summary["verdict"] == "failed"
        assert (found.source == "none").mean() >= 0.99

    def test_turned_as_its_file_says(self, short_drive, copied):
        """Stored on its side, shown upright: coordinates are those of what is shown."""
        root = copied(40, clocks=False)
        short_drive.rewrite_video(root / ROAD, 80, lambda _, luma: np.rot90(luma), rotation_deg=270)
        assert LumaReader(root / ROAD, read_frame_times(root / ROAD)).size_px == (640, 360)
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        assert (found.source == "direct").mean() > 0.95
        assert np.nanmedian(found.off_px) < 1
        assert np.nanmax(found.off_px) < 5
        assert found.summary["road_size_px"] == [640, 360]

    def test_of_a_phone_held_on_its_side(self, short_drive, copied):
        """Nothing says that the picture is to be turned: it is used as it is shown."""
        root = copied(40, clocks=False)
        short_drive.rewrite_video(root / ROAD, 80, lambda _, luma: np.rot90(luma))
        short_drive.set_clocks(root)
        short_drive.align_drive(root)

        def on_its_side(points):
            return np.column_stack([points[:, 1], short_drive.ROAD_SIZE[0] - 1 - points[:, 0]])

        found = short_drive.read_aligned(root, on_road=on_its_side)
        assert found.summary["road_size_px"] == [360, 640]
        assert (found.source == "direct").mean() > 0.95
        assert np.nanmedian(found.off_px) < 1
        assert np.nanmax(found.off_px) < 5
        x, y = found.frames[["gaze_road_x_px", "gaze_road_y_px"]].to_numpy(float).T
        known = np.isfinite(x)
        inside = ((x >= -0.5) & (x < 359.5) & (y >= -0.5) & (y < 639.5))[known]
        flags = found.frames["gaze_road_in_view"][known].to_numpy(dtype=bool)
        assert flags.tolist() == inside.tolist()

    def test_that_changes_its_size(self, short_drive, copied):
        """Frames of half the size are answered in the first one's pixels; other shapes say so."""
        root = copied(30, clocks=False)
        mux_sizes(
            short_drive,
            root / ROAD,
            root / "phone" / "road.mkv",
            [(40, (640, 360)), (51, (320, 180)), (64, (480, 360))],
        )
        short_drive.edit(root, "phone/road.mp4", "phone/road.mkv")
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        road = found.frames["road_frame_index"].to_numpy(dtype=int)
        first, small, other = road < 40, (road >= 40) & (road < 51), road >= 51
        assert small.sum() > 7
        assert other.sum() > 5
        assert set(found.source[first]) == {"direct"}
        assert (found.source[small] == "direct").mean() > 0.8
        assert np.nanmedian(found.off_px[small]) < 1.5
        assert np.nanmax(found.off_px[first | small]) < 5
        assert set(found.reason[other]) == {"road_other_shape"}
        assert found.frames["gaze_road_x_px"][other].isna().all()
        assert found.summary["none_reasons"] == {"road_other_shape": int(other.sum())}
        assert any("their shape is not" in each for each in found.summary["reasons"])

    def test_damaged_in_the_middle(self, short_drive, copied):
        root = copied(41, clocks=False)
        short_drive.spoil_packets(root / ROAD, range(45, 48))
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        road = found.frames["road_frame_index"].to_numpy(dtype=int)
        bad = (road >= 45) & (road < 48)
        clear = (road < 44) | (road >= 60)  # where the next keyframe is
        assert set(found.source[clear]) == {"direct"}
        assert np.nanmax(found.off_px[clear]) < 3
        assert set(found.source[bad]) == {"none"}
        assert set(found.reason[bad]) == {"road_undecodable"}
        (told,) = [each for each in found.summary["reasons"] if "of the road pictures" in each]
        count = found.summary["none_reasons"]["road_undecodable"]
        assert f": {count} of" in told
        assert count >= bad.sum()

    def test_pictures_that_refer_to_damaged_ones_are_not_trusted(self, short_drive, copied):
        root = copied(40, clocks=False)
        short_drive.spoil_packets(root / ROAD, range(40, 43))
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        assert calibrated(found)

    def test_that_is_missing_or_broken(self, short_drive, copied):
        root = copied(20)
        (root / ROAD).write_bytes(b"not a video")
        with pytest.raises(InputError, match=r"road\.mp4"):
            align(open_session(root), workers=1)
        (root / ROAD).unlink()
        with pytest.raises(InputError, match=r"road\.mp4"):
            align(open_session(root), workers=1)
        assert not (root / "derived" / "align.json").exists()

    def test_that_ends_early(self, short_drive, copied):
        root = copied(60, clocks=False)
        short_drive.rewrite_video(root / ROAD, 60, lambda _, luma: luma)
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        without = found.frames["road_frame_index"].isna().to_numpy()
        assert 20 < without.sum() < 40
        assert set(found.reason[without]) == {"no_road_frame"}
        assert set(found.source[~without]) == {"direct"}
        assert found.summary["pair_count"] == (~without).sum()


class TestLight:
    def test_night(self, short_drive, copied):
        """An eighth of the light, and noise: what is answered is right to what it says."""
        root = copied(40, clocks=False)
        rng = np.random.default_rng(4)

        def night(_, luma):
            dark = 0.15 * luma + 4 + rng.normal(0, 2.5, luma.shape)
            return np.clip(np.rint(dark), 0, 255).astype(np.uint8)

        short_drive.rewrite_video(root / WORLD, 40, night)
        short_drive.rewrite_video(root / ROAD, 80, night)
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        assert calibrated(found)
        answered = found.source != "none"
        if answered.mean() < 0.3:
            assert found.summary["verdict"] == "failed"
        else:
            assert found.covered.mean() >= 0.85


class TestCalibration:
    def test_without_the_scene_camera_s_own(self, short_drive, brief, copied):
        root = copied(40, clocks=False)
        (root / "eye_tracker" / "calibration.bin").unlink()
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        assert (found.source == "direct").mean() > 0.9
        assert any("calibration is missing" in each for each in found.summary["reasons"])
        stated = found.error_px[:40]
        assert np.median(stated) > 1.5 * np.median(brief.error_px[:40])
        assert np.nanmax(found.off_px) < 5
        assert found.covered.mean() >= 0.85

    def test_of_the_phone(self, short_drive, copied):
        root = copied(20)
        intrinsics(short_drive, root, 640)
        found = short_drive.align_drive(root)
        assert found.summary["road_focal_px"] == pytest.approx(554.0)
        assert found.summary["road_focal_spread_px"] is None
        assert set(found.source) == {"direct"}
        assert np.nanmax(found.off_px) < 3

    def test_of_the_phone_for_other_pictures(self, short_drive, copied):
        root = copied(20)
        intrinsics(short_drive, root, 1920)
        with pytest.raises(InputError, match=r"1920 × 360 px.*640 × 360 px.*Calibrate"):
            align(open_session(root), workers=1)
        assert not (root / "derived" / "align.json").exists()

    def test_of_the_phone_that_is_wrong(self, short_drive, copied):
        """Twice the focal length fits no match: better no answer than a bent one."""
        root = copied(20)
        intrinsics(short_drive, root, 640, focal_px=1108)
        found = short_drive.align_drive(root)
        assert calibrated(found)


class TestGyroscope:
    def test_without_one(self, short_drive, brief, copied):
        root = copied(80, clocks=False)
        for name in ("extimu ps1.raw", "extimu ps1.time"):
            (root / "eye_tracker" / name).unlink()
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        clear = np.r_[0:41, 56:80]
        assert set(found.source[clear]) == {"direct"}
        assert np.nanmedian(found.off_px[clear]) < 1
        assert found.summary["gyro_gap_error_px"] is None
        # nothing tells how the head turned in the out-of-focus frames, and they say so
        answered = found.source[41:56] == "propagated"
        stated, known = found.error_px[41:56], brief.error_px[41:56]
        assert (stated > known)[answered].all()
        assert not answered.any() or np.median((stated / known)[answered]) > 1.1
        assert set(found.reason[41:56][~answered]) <= {"too_uncertain", "no_match_near"}
        assert calibrated(found)


class TestParts:
    def test_a_recording_in_two_parts(self, short_drive, copied):
        root = copied(40, clocks=False)
        parts(short_drive, root)
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        assert len(found.frames) == 36
        assert set(found.source) == {"direct"}
        assert np.nanmedian(found.off_px) < 1
        assert np.nanmax(found.off_px) < 3
        assert np.isfinite(found.off_px[16:]).sum() > 15

    def test_a_part_that_can_t_be_read(self, short_drive, copied):
        root = copied(40, clocks=False)
        parts(short_drive, root)
        (root / "eye_tracker" / "PI world v1 ps2.mp4").write_bytes(b"not a video")
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        assert set(found.source[:16]) == {"direct"}
        assert set(found.source[16:]) == {"none"}
        assert set(found.reason[16:]) == {"ego_invalid"}

    def test_a_part_without_its_video(self, short_drive, copied):
        root = copied(40, clocks=False)
        parts(short_drive, root)
        (root / "eye_tracker" / "PI world v1 ps2.mp4").unlink()
        short_drive.set_clocks(root)
        found = short_drive.align_drive(root)
        assert set(found.source[:16]) == {"direct"}
        assert set(found.reason[16:]) == {"ego_invalid"}


def intrinsics(short_drive, root, width, *, focal_px=554):
    matrix = f"[[{focal_px}, 0, 319.5], [0, {focal_px}, 179.5], [0, 0, 1]]"
    short_drive.edit(
        root,
        "phone:\n",
        f"phone:\n  intrinsics: {{width_px: {width}, height_px: 360, matrix: {matrix}}}\n",
    )


def parts(short_drive, root):
    """Write the first 40 ego frames anew as two parts, without frames 16 to 19 between them."""
    recording = open_session(root).recording()
    stamps = recording.world.timestamp_ns
    gaze, imu = recording.gaze, recording.imu
    folder = root / "eye_tracker"
    video = root / "world.mp4"
    (root / WORLD).rename(video)
    shutil.rmtree(folder)
    write_native_invisible(
        folder,
        start_time_ns=recording.start_time_ns,
        duration_ns=recording.duration_ns,
        recording_id=recording.recording_id,
        world_times_ns=[stamps[:16], stamps[20:40]],
        gaze=[
            GazePart(
                timestamp_ns=gaze.timestamp_ns,
                points_px=np.column_stack([gaze.x_px, gaze.y_px]),
                worn=gaze.worn,
            )
        ],
        imu=[
            ImuPart(timestamp_ns=imu.timestamp_ns, gyro_deg_s=imu.gyro_deg_s, accel_g=imu.accel_g)
        ],
        camera=scene_camera(),
    )
    for number, rows in ((1, slice(0, 16)), (2, slice(20, 40))):
        short_drive.rewrite_video(
            video, 40, lambda _, luma: luma, only=rows, start_s=0.0,
            to=folder / f"PI world v1 ps{number}.mp4",
        )  # fmt: skip
    video.unlink()


def mux_sizes(short_drive, source, target, sizes):
    """Write VP8 whose coded size changes; each (end, size) holds up to that frame."""
    times_s = read_frame_times(source).time_s
    pictures = short_drive.lumas(source, sizes[-1][0])
    tick = Fraction(1, 1000)
    with av.open(str(target), "w") as container:
        track, first = None, 0
        for end, (width, height) in sizes:
            encoder = av.CodecContext.create("libvpx", "w")
            encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
            encoder.time_base, encoder.bit_rate = tick, 4_000_000
            encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
            if track is None:
                track = container.add_stream("libvpx", rate=30)
                track.width, track.height, track.pix_fmt = width, height, "yuv420p"
                track.time_base = tick
            packets = []
            for index in range(first, end):
                luma = cv2.resize(pictures[index], (width, height), interpolation=cv2.INTER_AREA)
                frame = av.VideoFrame.from_ndarray(short_drive.i420(luma), format="yuv420p")
                frame.pts, frame.time_base = round(times_s[index] * 1000), tick
                packets += encoder.encode(frame)
            packets += encoder.encode(None)
            for packet in packets:
                packet.stream = track
                container.mux(packet)
            first = end
