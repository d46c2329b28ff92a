"""The local view of a remote session: what is fetched, what is sent, and what is never touched."""

import json
import os
from pathlib import Path

import pytest

from dashgaze.errors import InputError, OutputError
from dashgaze.remote import RemoteChangedError, RemoteError, remote_session
from dashgaze.remote_file import is_stand_in

KEY = "my drives/séance 1 #2 50%"


@pytest.fixture
def session(s3, papers, tmp_path: Path):
    """Open the session of papers; each call is a run of its own. Media stand from 64 KiB on."""
    for name, data in papers.inputs().items():
        s3.put(f"{KEY}/{name}", data)

    def run(cache: str = "cache", **options):
        s3.log.clear()
        return remote_session(
            f"{s3.url}/{KEY}",
            tmp_path / cache,
            storage_options=s3.options,
            stand_in_bytes=64 << 10,
            **options,
        )

    return run


def remote_files(s3) -> dict[str, bytes]:
    return {name: s3.get(f"{KEY}/{name}") for name in s3.keys(KEY)}


def methods(s3, *wanted: str) -> list[tuple[str, str]]:
    """The requests that change something, in order."""
    return [
        (each.method, each.key.rpartition("/")[2])
        for each in s3.log
        if each.method in (wanted or ("PUT", "POST", "DELETE"))
    ]


def test_small_files_are_copied_and_large_media_stood_for(session, s3, papers) -> None:
    with session() as view:
        assert view.name == "séance 1 #2 50%"
        assert is_stand_in(view / "phone" / "road.mp4")
        for name in ("session.yaml", "phone/location.csv", "eye_tracker/gaze ps1.raw"):
            assert (view / name).read_bytes() == papers.inputs()[name]
        assert (view / "derived").is_dir()
    assert methods(s3) == []
    assert s3.fetched("road.mp4") == 0


def test_what_did_not_change_is_not_fetched_again(session, s3) -> None:
    with session():
        pass
    with session():
        pass
    assert [each.method for each in s3.log] == ["GET"]  # the list


def test_what_changed_is_fetched_and_what_is_gone_goes(session, s3) -> None:
    with session():
        pass
    s3.put(f"{KEY}/phone/location.csv", b"anew")
    s3.put(f"{KEY}/phone/road.mp4", bytes(80_000))
    s3.put(f"{KEY}/extra.txt", b"")
    s3.remove(f"{KEY}/eye_tracker/gaze ps1.raw")
    with session() as view:
        assert (view / "phone" / "location.csv").read_bytes() == b"anew"
        assert '"size_bytes": 80000' in (view / "phone" / "road.mp4").read_text(encoding="utf-8")
        assert (view / "extra.txt").read_bytes() == b""
        assert not (view / "eye_tracker" / "gaze ps1.raw").exists()


def test_an_input_changed_in_the_view_is_put_right_and_never_sent(session, s3, papers) -> None:
    with session() as view:
        (view / "phone" / "location.csv").write_bytes(b"by mistake")
        (view / "session.yaml").unlink()
    assert remote_files(s3) == papers.inputs()
    with session() as view:
        for name in ("session.yaml", "phone/location.csv"):
            assert (view / name).read_bytes() == papers.inputs()[name]


def test_results_are_sent_with_their_records_last(session, s3, papers) -> None:
    with session() as view:
        papers.work(view, "one")
    assert [name for _, name in methods(s3)[:2]] == ["frames.parquet", "gaze.parquet"]
    assert {name for _, name in methods(s3)[2:]} == {"time_map.json", "frames.json"}
    derived = {name: data for name, data in remote_files(s3).items() if name.startswith("derived/")}
    assert derived == {
        f"derived/{path.name}": path.read_bytes() for path in (view / "derived").iterdir()
    }
    with session():
        pass
    assert methods(s3) == []


def test_a_record_is_taken_away_before_its_outputs_are_replaced(session, s3, papers) -> None:
    with session() as view:
        papers.work(view, "one")
    with session() as view:
        papers.work(view, "two")
    assert methods(s3)[0] == ("DELETE", "frames.json")
    assert methods(s3)[-1][1] == "frames.json"
    assert s3.get(f"{KEY}/derived/gaze.parquet") == b"gaze two"


def test_another_machine_goes_on_from_there(session, s3, papers) -> None:
    with session() as view:
        papers.work(view, "one")
    with session("elsewhere") as view:
        assert (view / "derived" / "gaze.parquet").read_text(encoding="utf-8") == "gaze one"
        (view / "derived" / "gaze.parquet").unlink()
        (view / "derived" / "frames.json").unlink()
    assert "derived/gaze.parquet" not in s3.keys(KEY)
    assert methods(s3)[0] == ("DELETE", "frames.json")
    with session() as view:
        assert not (view / "derived" / "gaze.parquet").exists()


def test_after_an_exception_only_what_is_vouched_for_is_sent(session, s3, papers) -> None:
    def break_off() -> None:
        with session() as view:
            papers.work(view, "one")
            (view / "derived" / "gaze.parquet").write_text("torn", encoding="utf-8")
            (view / "derived" / "overlay.txt").write_text("free", encoding="utf-8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert [name for name in s3.keys(KEY) if "derived" in name] == ["derived/time_map.json"]
    with session() as view:
        assert not (view / "derived" / "gaze.parquet").exists()
        assert not (view / "derived" / "frames.json").exists()
        papers.work(view, "two")
    assert s3.get(f"{KEY}/derived/gaze.parquet") == b"gaze two"


def test_a_torn_output_is_not_sent_even_if_nobody_complained(session, s3, papers) -> None:
    with session() as view:
        papers.work(view, "one")
    with session() as view:
        (view / "derived" / "gaze.parquet").write_text("torn", encoding="utf-8")
    assert s3.get(f"{KEY}/derived/gaze.parquet") == b"gaze one"
    assert methods(s3) == []


def test_unfinished_work_stays_on_this_machine(session, s3) -> None:
    with session() as view:
        (view / "derived" / ".align-12.part").mkdir()
        (view / "derived" / ".align-12.part" / "0.npz").write_bytes(b"x")
    assert not [name for name in s3.keys(KEY) if "derived" in name]
    with session() as view:
        assert (view / "derived" / ".align-12.part" / "0.npz").exists()


def test_results_that_could_not_be_sent_wait_for_the_next_run(session, s3, papers) -> None:
    def run() -> None:
        with session() as view:
            papers.work(view, "one")
            s3.refuse = lambda each: ("403 F", "AccessDenied") if each.method == "PUT" else None

    with pytest.raises(RemoteError, match=r"gaze|frames.*may not be written.*keys"):
        run()
    s3.refuse = lambda each: None
    with session() as view:
        assert (view / "derived" / "gaze.parquet").read_text(encoding="utf-8") == "gaze one"
    assert s3.get(f"{KEY}/derived/gaze.parquet") == b"gaze one"


def test_a_failure_of_sending_does_not_hide_what_broke_the_run(session, s3, papers) -> None:
    def run() -> None:
        with session() as view:
            papers.work(view, "one")
            s3.refuse = lambda each: ("403 F", "AccessDenied") if each.method == "PUT" else None
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as broken:
        run()
    assert "could not be sent" in broken.value.__notes__[0]


def test_what_another_machine_wrote_meanwhile_is_not_overwritten(session, s3, papers) -> None:
    def run() -> None:
        with session() as view:
            papers.work(view, "one")
            s3.put(f"{KEY}/derived/gaze.parquet", b"of somebody else")

    with pytest.raises(
        RemoteChangedError, match=r"written by somebody else.*Nothing was overwritten"
    ):
        run()
    assert s3.get(f"{KEY}/derived/gaze.parquet") == b"of somebody else"
    assert "derived/frames.json" not in s3.keys(KEY)


def test_the_same_result_from_another_machine_is_no_conflict(session, s3, papers) -> None:
    with session() as view:
        papers.work(view, "one")
        s3.put(f"{KEY}/derived/gaze.parquet", b"gaze one")
    assert ("PUT", "gaze.parquet") in methods(s3)[:1]  # that of the test itself
    assert methods(s3)[1:].count(("PUT", "gaze.parquet")) == 0
    assert "derived/frames.json" in s3.keys(KEY)


def test_two_runs_on_one_view_are_refused(session) -> None:
    with session(), pytest.raises(OutputError, match="Another process works on"), session():
        pass


def test_names_that_lead_out_of_the_view_are_not_followed(memory, papers, tmp_path: Path) -> None:
    for name, data in papers.inputs().items():
        memory.pipe_file(f"/one/{name}", data)
    from fsspec.implementations.memory import MemoryFile

    for name in ("../../escaped.txt", "a//b.txt", "a\\b.txt", ".hidden", "x.part/y"):
        memory.store[f"/one/{name}"] = MemoryFile(memory, f"/one/{name}", b"!")
    with remote_session("memory://one", tmp_path / "cache") as view:
        found = {path.relative_to(view).as_posix() for path in view.rglob("*") if path.is_file()}
    assert found == set(papers.inputs())
    assert not list(tmp_path.rglob("escaped.txt"))


def test_a_folder_works_as_a_store(papers, tmp_path: Path) -> None:
    there = tmp_path / "a store" / "one"
    for name, data in papers.inputs().items():
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        (there / name).write_bytes(data)
    with remote_session(f"file://{there}", tmp_path / "cache") as view:
        papers.work(view, "one")
    assert (there / "derived" / "gaze.parquet").read_text(encoding="utf-8") == "gaze one"
    assert not list(there.rglob("*.part"))


def test_what_is_no_session_is_refused(memory, tmp_path: Path) -> None:
    memory.pipe_file("/drives/notes.txt", b"x")
    with (
        pytest.raises(RemoteError, match="no session"),
        remote_session("memory://drives", tmp_path),
    ):
        pass
    with pytest.raises(InputError, match="no address"), remote_session("drives", tmp_path):
        pass


def test_keys_given_here_are_nowhere_on_the_disk(session, s3, tmp_path: Path) -> None:
    with session() as view:
        given = json.loads(os.environ["DASHGAZE_STORAGE_OPTIONS"])
        assert next(iter(given.values()))["secret"] == s3.options["secret"]
        if os.name != "nt":
            assert view.parent.stat().st_mode & 0o077 == 0
    assert "DASHGAZE_STORAGE_OPTIONS" not in os.environ
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or s3.options["secret"].encode() not in path.read_bytes()
