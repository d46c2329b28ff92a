"""`validate`: videos and pictures that are not what they have to be, or tell too much."""

import json
from fractions import Fraction

import av
import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.reading.validate import validate
from dashgaze.dataset.reading.validate_images import jpeg_head
from dashgaze.schemas.image_table import IMAGE_TABLE, PICTURES

ROAD = "videos/session_001/road.mp4"
IMAGES = "images/train/session_001.parquet"
SIZES = {
    "driver": (224, 224),
    "face": (224, 224),
    "left_eye": (100, 50),
    "right_eye": (100, 50),
    "road_at_gaze": (224, 224),
    "road": (448, 252),
}


def codes(folder, **how) -> set[str]:
    return validate(folder, **how).codes()


def rewrite(folder, small_dataset, *, sound=False, metadata=None, gop=15, pixels="yuv420p"):
    """Write the road video of the data set again, in another way."""
    source = folder / ROAD
    with av.open(str(source)) as container:
        frames = [(frame.pts, frame.to_ndarray()) for frame in container.decode(video=0)]
    with av.open(str(source), "w", options={"video_track_timescale": "90000"}) as container:
        container.metadata.update(metadata or {})
        video = container.add_stream("libx264", rate=30)
        video.width, video.height, video.pix_fmt = 96, 64, pixels
        video.codec_context.time_base = Fraction(1, 90_000)
        video.options = {"g": str(gop), "bf": "0"}
        audio = container.add_stream("aac", rate=16_000) if sound else None
        for pts, planes in frames:
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = pts, video.codec_context.time_base
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None:
            silence = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            silence.rate = 16_000
            container.mux(audio.encode(silence))
            container.mux(audio.encode(None))
    small_dataset.seal(folder)


def test_sound_that_was_not_asked_for(dataset_copy, small_dataset):
    rewrite(dataset_copy, small_dataset, sound=True)
    assert codes(dataset_copy) == {"VIDEO_SOUND"}
    options = {"sound": True, "location": False, "as_recorded": False}
    small_dataset.seal(dataset_copy, options=options)
    assert codes(dataset_copy, deep=True) == set()


def test_metadata_that_tell_when_and_where(dataset_copy, small_dataset):
    told = {"creation_time": "2026-05-12T07:30:00Z", "location": "+52.39+013.07/"}
    rewrite(dataset_copy, small_dataset, metadata=told)
    found = validate(dataset_copy).findings
    assert {finding.code for finding in found} == {"VIDEO_METADATA"}
    assert "creation_time, location" in found[0].message


def test_keyframes_that_are_far_apart(dataset_copy, small_dataset):
    rewrite(dataset_copy, small_dataset, gop=60)
    assert codes(dataset_copy) == set()
    assert codes(dataset_copy, deep=True) == {"VIDEO_GOP"}


def test_pixels_that_not_every_player_shows(dataset_copy, small_dataset):
    rewrite(dataset_copy, small_dataset, pixels="yuv444p")
    assert codes(dataset_copy) == {"VIDEO_CODEC"}


def test_a_frame_that_the_video_does_not_have(dataset_copy, small_dataset):
    path = "frames/train/session_001.parquet"
    last = pq.read_table(dataset_copy / path)["road_pts"].to_pylist()
    moved = [None if tick is None else tick + (tick == last[300]) for tick in last]
    small_dataset.change(dataset_copy, path, lambda t: small_dataset.put(t, "road_pts", moved))
    assert codes(dataset_copy) == set()
    found = validate(dataset_copy, deep=True).findings
    assert {finding.code for finding in found} == {"VIDEO_PTS"}
    assert f"first at {last[300] + 1} ticks" in found[0].message


def test_a_video_of_another_size_than_the_tables_speak_of(dataset_copy, small_dataset):
    def edit(table):
        table = small_dataset.put(table, "road_width_px", 1280, [0])
        return small_dataset.put(table, "road_height_px", 720, [0])

    small_dataset.change(dataset_copy, "sessions/train.parquet", edit)
    assert codes(dataset_copy) == {"VIDEO_SIZE"}


def test_a_video_of_an_unknown_coding(dataset_copy, small_dataset):
    path = dataset_copy / ROAD
    path.write_bytes(path.read_bytes().replace(b"avc1", b"qqqq"))
    small_dataset.seal(dataset_copy)
    report = validate(dataset_copy, deep=True)
    assert any(
        finding.code == "VIDEO_UNREADABLE" and "coded" in finding.message
        for finding in report.findings
    )


def test_a_video_that_can_t_be_opened(dataset_copy, small_dataset):
    (dataset_copy / ROAD).write_bytes(b"no video" * 1000)
    small_dataset.seal(dataset_copy)
    assert codes(dataset_copy) == {"VIDEO_UNREADABLE"}


def jpeg(name: str, *, exif: bool = False) -> bytes:
    width, height = SIZES[name]
    content = cv2.imencode(".jpg", np.full((height, width, 3), 90, np.uint8))[1].tobytes()
    if exif:
        content = content[:2] + b"\xff\xe1\x00\x08Exif\x00\x00" + content[2:]
    return content


@pytest.fixture
def with_images(dataset_copy, small_dataset):
    """Give the data set pictures of two sessions of each split, all views of a raw consent."""

    def make(change=lambda rows: None, *, driver="raw"):
        content = json.loads((dataset_copy / "manifest.json").read_text(encoding="utf-8"))
        for split, session in (
            ("train", "session_001"),
            ("validation", "session_005"),
            ("test", "session_006"),
        ):
            frames = pq.read_table(dataset_copy / f"frames/{split}/{session}.parquet")
            labels = [n for n in IMAGE_TABLE.column_names if n in frames.column_names]
            rows = frames.select(labels).slice(0, 360).to_pylist()[::9]
            for row in rows:
                row |= {name: {"bytes": jpeg(name), "path": None} for name in PICTURES}
            if split == "train":
                change(rows)
            table = pa.Table.from_pylist(rows, schema=IMAGE_TABLE.to_arrow())
            small_dataset.write(dataset_copy, "images", split, session, table)
            one = next(s for s in content["sessions"] if s["session_id"] == session)
            one |= {"outward_pictures": "anonymized", "driver_pictures": driver}
            if driver == "blurred":
                one["consent_scope"] = "blurred"
            small_dataset.change(
                dataset_copy,
                f"sessions/{split}.parquet",
                lambda t, one=one: pa.Table.from_pylist(
                    [
                        row
                        | (
                            {name: one[name] for name in one if name in row}
                            if row["session_id"] == one["session_id"]
                            else {}
                        )
                        for row in t.to_pylist()
                    ],
                    schema=t.schema,
                ),
                sealed=False,
            )
        return small_dataset.seal(dataset_copy, sessions=content["sessions"])

    return make


def test_pictures_that_are_as_they_have_to_be(with_images):
    assert validate(with_images(), deep=True).findings == ()


def test_a_picture_with_exif(with_images):
    def change(rows):
        rows[39]["road"]["bytes"] = jpeg("road", exif=True)

    folder = with_images(change)
    assert codes(folder) == set()
    found = validate(folder, deep=True).findings
    assert [(finding.code, finding.file) for finding in found] == [("IMAGE_METADATA", IMAGES)]
    assert "road of row 39" in found[0].message


def test_a_picture_of_another_size_or_none_at_all(with_images):
    def change(rows):
        rows[0]["face"]["bytes"] = jpeg("road")
        rows[1]["driver"]["bytes"] = b"\x89PNG"

    assert codes(with_images(change)) == {"IMAGE_SIZE", "IMAGE_UNREADABLE"}


def test_labels_that_are_not_those_of_the_frame(with_images):
    def change(rows):
        rows[3]["gaze_azimuth_deg"] = 1.25

    found = validate(with_images(change)).findings
    assert {finding.code for finding in found} == {"IMAGE_LABELS"}
    assert found[0].message.startswith("gaze_azimuth_deg")


def test_crops_of_the_face_where_the_driver_is_to_be_blurred(with_images):
    found = validate(with_images(driver="blurred")).findings
    assert {finding.code for finding in found} == {"CONSENT_EXCEEDED"}
    told = " ".join(finding.message for finding in found)
    assert "picture face" in told
    assert "picture driver" not in told


def test_the_head_of_a_jpeg_is_read_as_opencv_reads_it():
    for name, size in SIZES.items():
        assert jpeg_head(jpeg(name))[1] == size
    assert jpeg_head(b"GIF89a") == ([], None)
    assert jpeg_head(jpeg("road")[:3])[1] is None
