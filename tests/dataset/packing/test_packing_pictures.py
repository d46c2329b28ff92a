"""Pictures in a data set: what consent allows, in the state that it asks for."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from dashgaze.dataset.packing.options import PackOptions
from dashgaze.dataset.packing.pack import pack
from dashgaze.dataset.packing.withdraw import withdraw
from dashgaze.dataset.privacy.anonymize import anonymize
from dashgaze.dataset.privacy.options import AnonymizeOptions
from dashgaze.dataset.reading.validate import validate
from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import read_dataset_manifest
from dashgaze.session import open_session
from dashgaze.stages.filled_tables import changing_tables, write_filled_tables
from dashgaze.stages.frames import frames

VIEWS = ("ego", "road", "driver")


@pytest.fixture(scope="module")
def made() -> ModuleType:
    path = Path(__file__).parents[1] / "pictures_session.py"
    spec = importlib.util.spec_from_file_location("pictures_session_for_packing", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def set_column(table: pa.Table, name: str, values: list) -> pa.Table:
    place = table.schema.get_field_index(name)
    field = table.schema.field(place)
    return table.set_column(place, field, pa.array(values, field.type))


@pytest.fixture(scope="module")
def made_drives(made, tmp_path_factory) -> Path:
    """Two drives of two drivers, both with three blurred and three recorded views."""
    folder = tmp_path_factory.mktemp("pictures") / "drives"
    for name in ("first", "second"):
        root = folder / name
        made.make_session(root)
        rewrite(root, session_id=name, driver_id=f"D-{name}")
        path = frames(open_session(root))
        table = pq.read_table(path)
        count = range(table.num_rows)
        for view, frame_of in (("road", made.road_frame_of), ("driver", made.driver_frame_of)):
            table = set_column(table, f"{view}_frame_index", [frame_of(row) for row in count])
        table = set_column(table, "homography_source", ["none"] * table.num_rows)
        put(root, {path.name: table})
        blur(made, root, folder.parent / "boxes.csv")
    return folder


def put(root: Path, tables: dict[str, pa.Table]) -> None:
    """Put tables in place as a stage does: tables that nobody vouches for are not packed."""
    session = open_session(root)
    with changing_tables(session):
        write_filled_tables(session, tables)


def blur(made: ModuleType, root: Path, boxes: Path) -> None:
    counts = {"ego": made.EGO_COUNT, "road": made.ROAD_COUNT, "driver": made.DRIVER_COUNT}
    found = {
        "ego": [",,,,,"],
        "road": ["90,60,40,40,face,0.9", "20,20,30,10,plate,0.9"],
        "driver": ["30,40,40,50,face,0.9"],
    }
    header = "view,frame_index,x_px,y_px,width_px,height_px,class,confidence"
    rows = [
        f"{view},{index},{box}"
        for view in VIEWS
        for index in range(counts[view])
        for box in found[view]
    ]
    boxes.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    anonymize(open_session(root), AnonymizeOptions(views=VIEWS, boxes=boxes))


def rewrite(root: Path, **changes: object) -> None:
    path = root / "session.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8")) | changes
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def consent(root: Path, scope: str) -> None:
    rewrite(root, consent={"version": "1.0", "scope": scope})


@pytest.fixture
def pictures(made_drives, tmp_path) -> Path:
    return Path(shutil.copytree(made_drives, tmp_path / "pictures"))


@pytest.fixture
def packed(pictures, out, short_papers):
    def run(**options):
        chosen = {"videos": True, "images": True, "images_every": 10} | options
        return pack(pictures, out, PackOptions(**chosen))

    return run


def entries(out):
    return {entry.session_id: entry for entry in read_dataset_manifest(out).sessions}


def row_of(out, name):
    rows = [row for path in out.glob("sessions/*") for row in pq.read_table(path).to_pylist()]
    return next(row for row in rows if row["session_id"] == name)


def crops_of(out, name):
    (path,) = out.glob(f"images/*/{name}.parquet")
    return pq.read_table(path)


def test_videos_and_crops_are_packed_blurred(packed, pictures, out):
    packed()
    for view in ("ego", "road"):
        blurred = pictures / "first" / "derived" / "anonymized" / f"{view}.mp4"
        assert (out / f"videos/first/{view}.mp4").read_bytes() == blurred.read_bytes()
    driver = pictures / "first" / "derived" / "anonymized" / "driver.mp4"
    assert (out / "videos/first/driver.mp4").read_bytes() != driver.read_bytes()
    entry, row = entries(out)["first"], row_of(out, "first")
    for said in (entry.outward_pictures, row["outward_pictures"]):
        assert said == "anonymized"
    assert entry.driver_pictures == row["driver_pictures"] == "raw"
    assert row["ego_video"] == {"bytes": None, "path": "videos/first/ego.mp4"}
    # Nothing is beside the first ego frame yet.
    assert crops_of(out, "first")["frame_index"].to_pylist() == [10, 20, 30, 40, 50]
    metadata = pq.read_table(out / "videos/metadata.parquet").to_pylist()
    assert [each["session_id"] for each in metadata] == ["first", "second"]
    assert metadata[0]["road_file_name"] == "first/road.mp4"


def test_each_driver_decides_for_their_drives(packed, pictures, out):
    consent(pictures / "first", "gaze_only")
    consent(pictures / "second", "blurred")
    packed()
    assert not (out / "videos/first").exists()
    assert not list(out.glob("images/*/first.parquet"))
    row = row_of(out, "first")
    assert (row["outward_pictures"], row["driver_pictures"]) == ("none", "none")
    assert row["driver_video"] is None
    blurred = pictures / "second" / "derived" / "anonymized" / "driver.mp4"
    assert (out / "videos/second/driver.mp4").read_bytes() == blurred.read_bytes()
    assert entries(out)["second"].driver_pictures == "blurred"
    assert crops_of(out, "second")["face"].null_count == crops_of(out, "second").num_rows


def test_as_recorded_is_asked_for_and_said(packed, pictures, out):
    packed(as_recorded=True, as_recorded_reason="A test.")
    blurred = pictures / "first" / "derived" / "anonymized" / "road.mp4"
    assert (out / "videos/first/road.mp4").read_bytes() != blurred.read_bytes()
    assert entries(out)["first"].outward_pictures == "as_recorded"
    assert read_dataset_manifest(out).options["as_recorded"] is True


def test_what_is_not_in_it_is_not_claimed(packed, out):
    packed(videos=False, images=False)
    entry = entries(out)["first"]
    assert (entry.outward_pictures, entry.driver_pictures) == ("none", "none")
    assert not (out / "videos").exists()
    assert not (out / "images").exists()


@pytest.mark.parametrize("options", [{"images": False}, {"videos": False}])
def test_views_that_were_never_blurred_are_refused_with_what_to_type(
    packed, pictures, out, options
):
    shutil.rmtree(pictures / "first" / "derived" / "anonymized")
    (pictures / "first" / "derived" / "anonymized.json").unlink()
    with pytest.raises(InputError) as caught:
        packed(**options)
    assert f"dashgaze anonymize {pictures / 'first'}" in str(caught.value)
    assert "second" not in str(caught.value)
    assert not out.parent.exists()


def test_views_that_changed_since_they_were_blurred_are_refused(packed, pictures, out):
    with (pictures / "second" / "phone" / "road.mp4").open("ab") as file:
        file.write(b"more")
    with pytest.raises(InputError, match="stale"):
        packed()
    assert not out.parent.exists()


def test_what_is_not_shown_needs_no_blurring(packed, pictures):
    shutil.rmtree(pictures / "first" / "derived" / "anonymized")
    (pictures / "first" / "derived" / "anonymized.json").unlink()
    consent(pictures / "first", "gaze_only")
    assert packed().written == ("first", "second")


def test_the_drives_of_narrowed_consent_lose_their_pictures(packed, pictures, out):
    packed()
    consent(pictures / "first", "gaze_only")
    result = packed()
    assert result.written == ("first",)
    assert not (out / "videos/first").exists()
    assert (out / "videos/second/ego.mp4").is_file()
    metadata = pq.read_table(out / "videos/metadata.parquet")
    assert metadata["session_id"].to_pylist() == ["second"]


def test_nothing_changed_is_seen_with_pictures_too(packed, out):
    packed()
    before = (out / "videos/first/ego.mp4").stat().st_ino
    assert not packed().changed
    assert (out / "videos/first/ego.mp4").stat().st_ino == before
    assert packed(images_every=20).written == ("first", "second")


def test_a_new_version_of_a_blurred_view_is_packed(packed, made, pictures, out, tmp_path):
    packed()
    boxes = tmp_path / "boxes.csv"
    shutil.rmtree(pictures / "first" / "derived" / "anonymized")
    (pictures / "first" / "derived" / "anonymized.json").unlink()
    blur(made, pictures / "first", boxes)
    assert not packed().changed  # the same boxes give the same videos
    video = pictures / "first" / "derived" / "anonymized.json"
    video.write_text(video.read_text() + "\n")
    assert packed().written == ("first",)


def test_a_withdrawn_driver_leaves_no_video(packed, pictures, out):
    packed()
    withdraw("D-first", [out, pictures], apply=True, day="2026-05-12")
    assert not list(out.rglob("*first*"))
    assert not (pictures / "first" / "derived").exists()
    metadata = pq.read_table(out / "videos/metadata.parquet")
    assert metadata["driver_id"].to_pylist() == ["D-second"]


def test_what_is_packed_passes_validation(pictures, out):
    pack(pictures, out, PackOptions(videos=True, images=True))
    assert [each for each in validate(out).findings if each.severity == "error"] == []
    withdraw("D-first", out, apply=True, day="2026-05-12")
    assert [each for each in validate(out).findings if each.severity == "error"] == []


def test_names_that_are_taken_for_splits_are_told(packed, pictures):
    assert not any("for splits" in note for note in packed().notes)
    tables = {}
    for name in ("frames.parquet", "gaze.parquet"):
        table = pq.read_table(pictures / "first" / "derived" / name)
        tables[name] = set_column(table, "session_id", ["test_1"] * table.num_rows)
    put(pictures / "first", tables)
    rewrite(pictures / "first", session_id="test_1")
    assert any("for splits: test_1" in note for note in packed(prune=True).notes)


def test_the_same_drives_give_the_same_pictures(pictures, tmp_path, short_papers, tree):
    options = PackOptions(videos=True, images=True, as_recorded=True, as_recorded_reason="A test.")
    one, two = tmp_path / "one" / "dashgaze", tmp_path / "two" / "dashgaze"
    pack(pictures, one, options)
    pack(pictures, two, options, workers=2)
    assert tree(one) == tree(two)
