"""The Hub: what is sent, what vanishes, what is refused; against a Hub that is not there."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dashgaze.dataset.exchange.hub import export_hub, plan_hub_export
from dashgaze.errors import InputError, OutputError

NAME = "my-lab/dashgaze"
# huggingface_hub's own call of its HTTP library, where files go to LFS.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
def publish(hub, stand_in):
    def run(dataset: Path, **options):
        return export_hub(dataset, NAME, token=stand_in.GOOD, endpoint=hub.endpoint, **options)

    return run


@pytest.fixture
def plan(hub, stand_in):
    def run(dataset: Path, **options):
        return plan_hub_export(dataset, NAME, token=stand_in.GOOD, endpoint=hub.endpoint, **options)

    return run


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_all_of_the_data_set_is_one_private_commit_with_its_version_as_tag(publish, hub, dataset):
    done = publish(dataset)
    repo = hub.repos[NAME]
    there = repo.files
    assert there.pop(".gitattributes")
    assert there == files_of(dataset)
    assert repo.private
    assert len(repo.messages) == 2  # the Hub's own first commit, and ours
    assert repo.messages[1].startswith("dashgaze 1.0.0, build ")
    assert repo.tags == {"v1.0.0": repo.head}
    assert (done.url, done.tag, done.commit) == (
        f"{hub.endpoint}/datasets/{NAME}",
        "v1.0.0",
        repo.head,
    )
    assert (len(done.plan.same), done.plan.remove, done.notes) == (0, (), ())


def test_datasets_loads_it_from_the_hub(publish, hub, stand_in, dataset, made, tmp_path):
    publish(dataset)
    code = f"""
import json
from datasets import load_dataset
data = load_dataset({NAME!r}, revision="v1.0.0")
stream = load_dataset({NAME!r}, split="test", streaming=True)
row = next(iter(stream.skip(5)))
print(json.dumps({{
    "rows": {{split: len(part) for split, part in data.items()}},
    "sessions": sorted(set(data["train"]["session_id"])),
    "azimuth": row["gaze_azimuth_deg"],
    "null": row["gaze_road_x_px"],
}}))
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_TOKEN": stand_in.READ_ONLY,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "rows": {"train": 2 * made.FRAMES, "validation": made.FRAMES, "test": made.FRAMES},
        "sessions": ["session_001", "session_004"],
        "azimuth": 5 / 8 + 2,
        "null": None,
    }


def test_a_second_export_sends_nothing(publish, hub, dataset):
    first = publish(dataset)
    hub.requests.clear()
    second = publish(dataset)
    assert second.commit == first.commit
    assert (second.plan.send, second.plan.remove, second.plan.tagged) == ((), (), "same")
    assert {line.partition(" ")[0] for line in hub.requests} <= {"GET", "HEAD"}


def test_a_withdrawn_session_vanishes_from_the_newest_state_and_history_is_named(
    publish, hub, made, tmp_path
):
    publish(made.make_dataset(tmp_path / "first"))
    left = tuple(drive for drive in made.DRIVES if drive[1] != "driver_07")
    second = made.make_dataset(tmp_path / "second", drives=left, version="2.0.0")
    done = publish(second)
    repo = hub.repos[NAME]
    assert {path for path in repo.files if path != ".gitattributes"} == set(files_of(second))
    assert not [path for path in repo.files if "session_001" in path or "session_004" in path]
    assert "gaze/train/session_001.parquet" in done.plan.remove
    # One commit: nobody ever sees a state between.
    assert len(repo.messages) == 3
    (note,) = done.notes
    assert "v1.0.0" in note
    assert "super_squash_history" in note
    assert "--forget" in note
    assert set(repo.tags) == {"v1.0.0", "v2.0.0"}
    # Unchanged shards are not sent again.
    assert "frames/test/session_003.parquet" in done.plan.same


def test_forget_leaves_no_way_to_what_was_withdrawn(publish, hub, made, tmp_path):
    publish(made.make_dataset(tmp_path / "first"))
    left = tuple(drive for drive in made.DRIVES if drive[1] != "driver_07")
    done = publish(
        made.make_dataset(tmp_path / "second", drives=left, version="2.0.0"), forget=True
    )
    repo = hub.repos[NAME]
    assert repo.tags == {"v2.0.0": repo.head}
    assert done.commit == repo.head
    kept = {path for commit in (repo.head, *repo.tags.values()) for path in repo.commits[commit]}
    assert not [path for path in kept if "session_001" in path]
    assert repo.messages == ["Start of history"]
    # Files are stored apart from commits. Those of other drivers that have changed go, too: the old
    # sessions table names who withdrew.
    large = {path for path, stored in repo.commits[repo.head].items() if stored.large}
    assert set(repo.stored.values()) == large
    assert "session_001" not in str(repo.stored)
    (note,) = done.notes
    assert note.startswith("History, older versions and ")


def test_nothing_is_erased_unless_what_is_needed_is_recognised(publish, hub, made, tmp_path):
    publish(made.make_dataset(tmp_path / "first"))
    second = made.make_dataset(tmp_path / "second", drives=made.DRIVES[:3], version="2.0.0")
    hub.strange_oids = "unknown"
    done = publish(second, forget=True)
    assert not hub.sent("POST /api/datasets/my-lab/dashgaze/lfs-files")
    (note,) = done.notes
    assert "erase them under 'Settings, Storage'" in note


def test_forget_works_for_a_version_that_is_there_already(publish, hub, dataset):
    publish(dataset)
    publish(dataset, forget=True)
    repo = hub.repos[NAME]
    assert repo.tags == {"v1.0.0": repo.head}
    assert repo.messages == ["Start of history"]


def test_a_version_never_changes_its_content(publish, hub, made, tmp_path):
    publish(made.make_dataset(tmp_path / "first"))
    head = hub.repos[NAME].head
    other = made.make_dataset(tmp_path / "second", drives=made.DRIVES[:2])
    with pytest.raises(InputError, match=r"Version v1\.0\.0 is on the Hub already") as caught:
        publish(other)
    assert "higher version" in caught.value.fix
    assert hub.repos[NAME].head == head


def test_papers_may_be_renewed_and_the_version_keeps_its_own(publish, hub, made, tmp_path):
    first = publish(made.make_dataset(tmp_path / "first"))
    renewed = made.make_dataset(tmp_path / "second", card=made.CARD + "With a figure.\n")
    done = publish(renewed)
    assert done.plan.send == ("README.md", "checksums.sha256", "manifest.json")
    repo = hub.repos[NAME]
    assert repo.files["README.md"].endswith(b"With a figure.\n")
    assert repo.tags == {"v1.0.0": first.commit}
    assert done.notes == ("Papers were renewed; v1.0.0 keeps those that it came with.",)


def test_a_dry_run_lists_and_changes_nothing(publish, plan, hub, made, tmp_path):
    first = made.make_dataset(tmp_path / "first")
    before = plan(first)
    assert not before.exists
    assert set(before.send) == set(files_of(first))
    assert before.send_bytes == sum(len(content) for content in files_of(first).values())
    assert hub.repos == {}
    publish(first)
    hub.requests.clear()
    after = plan(made.make_dataset(tmp_path / "second", drives=made.DRIVES[:3], version="1.0.1"))
    assert after.exists
    assert not after.public
    assert after.remove == tuple(
        f"{config}/train/session_004.parquet" for config in ("fixations", "frames", "gaze")
    )
    assert "manifest.json" in after.send
    assert not hub.sent("POST")


def test_only_what_the_manifest_lists_is_sent(publish, hub, dataset):
    (dataset / "notes_on_drivers.txt").write_text("Ann is driver_07", encoding="utf-8")
    (dataset / "frames" / ".DS_Store").write_bytes(b"x")
    done = publish(dataset)
    assert "notes_on_drivers.txt" not in hub.repos[NAME].files
    (note,) = done.notes
    assert note.startswith("2 files in the folder that the manifest does not list: left here")
    assert "notes_on_drivers.txt" in note


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("change", r"frames/test/session_003\.parquet has changed"),
        ("remove", r"frames/test/session_003\.parquet can't be read"),
        ("manifest", r"manifest\.json has changed"),
        ("unlisted", r"LICENSE is not in checksums\.sha256"),
        ("no checksums", r"checksums\.sha256 is missing"),
    ],
)
def test_a_data_set_that_is_not_as_it_was_packed_is_refused(publish, hub, dataset, damage, said):
    shard = dataset / "frames" / "test" / "session_003.parquet"
    sums = dataset / "checksums.sha256"
    if damage == "change":
        content = shard.read_bytes()
        shard.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "remove":
        shard.unlink()
    elif damage == "manifest":
        path = dataset / "manifest.json"
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    elif damage == "unlisted":
        lines = sums.read_text(encoding="utf-8").splitlines(keepends=True)
        sums.write_text("".join(line for line in lines if "LICENSE" not in line), encoding="utf-8")
    else:
        sums.unlink()
    with pytest.raises(InputError, match=said):
        publish(dataset)
    assert hub.requests == []


def test_a_check_of_the_caller_decides_before_anything_is_asked(publish, hub, dataset):
    def refuse(folder: Path) -> None:
        raise InputError(f"{folder.name} leaks a driver over two splits.")

    with pytest.raises(InputError, match="dashgaze leaks a driver"):
        publish(dataset, check=refuse)
    assert hub.requests == []


@pytest.fixture
def with_faces(made, tmp_path) -> Path:
    return made.make_dataset(tmp_path / "faces", images=True)


def test_faces_do_not_become_public_by_accident(publish, hub, with_faces):
    with pytest.raises(
        InputError, match=r"drivers' faces as recorded \(session_001, session_004\)"
    ):
        publish(with_faces, private=False)
    assert hub.repos == {}
    publish(with_faces)
    assert hub.repos[NAME].private


def test_streets_as_recorded_do_not_become_public_by_accident(publish, hub, made, tmp_path):
    drives = (made.DRIVES[1],)  # blurred: the driver agreed to that
    dataset = made.make_dataset(
        tmp_path / "streets", drives=drives, images=True, outward="as_recorded"
    )
    with pytest.raises(InputError, match=r"faces and plates as recorded \(session_002\)"):
        publish(dataset, private=False)
    assert hub.repos == {}


def test_what_shows_nobody_may_be_public(publish, hub, made, tmp_path):
    dataset = made.make_dataset(tmp_path / "blurred", drives=(made.DRIVES[1],), images=True)
    publish(dataset, private=False)
    repo = hub.repos[NAME]
    assert not repo.private
    assert repo.private_at_commits == [True, True]  # public only when all is there


def test_gated_faces_may_be_public_and_the_gate_comes_before_the_files(publish, hub, with_faces):
    publish(with_faces, private=False, gated=True)
    repo = hub.repos[NAME]
    assert (repo.private, repo.gated) == (False, "manual")
    writes = [line.split("/")[-1] for line in hub.requests if not line.startswith("GET")]
    first, last = (writes.index("settings"), len(writes) - 1 - writes[::-1].index("settings"))
    assert first < writes.index("batch") < last  # gate, files, and only then the door


def test_somebody_may_decide_that_faces_are_public(publish, hub, with_faces):
    publish(with_faces, private=False, people_public=True)
    assert not hub.repos[NAME].private


def test_a_public_repository_is_not_written_to_by_accident(publish, hub, made, tmp_path):
    dataset = made.make_dataset(tmp_path / "first")
    publish(dataset, private=False)
    with pytest.raises(InputError, match="on the Hub already, and public"):
        publish(made.make_dataset(tmp_path / "second", version="1.1.0"))
    publish(made.make_dataset(tmp_path / "third", version="1.1.0"), private=False)
    assert set(hub.repos[NAME].tags) == {"v1.0.0", "v1.1.0"}


@pytest.mark.parametrize(
    "name",
    [
        "dashgaze",
        "a/b/c",
        "my lab/dashgaze",
        "/dashgaze",
        "lab/",
        "lab/.x",
        "lab/a--b",
        "lab/x.git",
    ],
)
def test_what_is_no_name_is_refused_before_anything_is_asked(hub, stand_in, dataset, name):
    with pytest.raises(InputError, match="is no name on the Hub") as caught:
        export_hub(dataset, name, token=stand_in.GOOD, endpoint=hub.endpoint)
    assert "my-lab/dashgaze" in caught.value.fix
    assert hub.requests == []


def test_without_a_token_the_way_to_one_is_named(hub, dataset):
    with pytest.raises(InputError, match="no token for the Hub") as caught:
        export_hub(dataset, NAME, endpoint=hub.endpoint)
    assert "hf auth login" in caught.value.fix
    assert hub.requests == []


def test_a_token_of_the_environment_is_taken(hub, stand_in, dataset, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", stand_in.GOOD)
    export_hub(dataset, NAME, endpoint=hub.endpoint)
    assert NAME in hub.repos


def test_a_wrong_token_is_one_error(hub, dataset):
    with pytest.raises(InputError, match="does not accept the token") as caught:
        export_hub(dataset, NAME, token="hf_wrong", endpoint=hub.endpoint)
    assert "hf auth login" in caught.value.fix
    assert "hf_wrong" not in str(caught.value)


def test_a_token_that_may_only_read_is_one_error(hub, stand_in, dataset):
    with pytest.raises(OutputError, match="may not write to my-lab/dashgaze") as caught:
        export_hub(dataset, NAME, token=stand_in.READ_ONLY, endpoint=hub.endpoint)
    assert "write access to my-lab" in caught.value.fix


def test_without_network_this_is_said(dataset):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"  # nobody listens
        with pytest.raises(OutputError, match="can't be reached") as caught:
            export_hub(dataset, NAME, token="hf_any", endpoint=endpoint)
    assert endpoint in str(caught.value)
    assert "Check the network" in caught.value.fix


def test_a_failed_commit_leaves_the_old_state_and_a_second_try_ends_it(
    publish, hub, made, tmp_path
):
    publish(made.make_dataset(tmp_path / "first"))
    repo = hub.repos[NAME]
    head, tags = repo.head, dict(repo.tags)
    second = made.make_dataset(tmp_path / "second", drives=made.DRIVES[:3], version="1.1.0")
    hub.fail_commits_with = 500
    with pytest.raises(OutputError, match="answered 500"):
        publish(second)
    assert (repo.head, repo.tags) == (head, tags)
    hub.fail_commits_with = None
    hub.requests.clear()
    publish(second)
    assert not hub.sent("PUT /lfs")  # what was sent is not sent twice
    assert set(repo.tags) == {"v1.0.0", "v1.1.0"}


def test_a_file_that_is_not_taken_is_one_error(publish, hub, dataset):
    hub.fail_uploads_with = 403
    with pytest.raises(OutputError, match="may not write to my-lab/dashgaze"):
        publish(dataset)
    assert list(hub.repos[NAME].files) == [".gitattributes"]
    assert hub.repos[NAME].tags == {}


def test_someone_else_in_between_is_told(publish, hub, made, tmp_path):
    publish(made.make_dataset(tmp_path / "first"))
    hub.somebody_commits_first = True
    with pytest.raises(OutputError, match="changed by someone else") as caught:
        publish(made.make_dataset(tmp_path / "second", version="1.1.0"))
    assert "again" in caught.value.fix
    assert hub.repos[NAME].messages[-1] == "theirs"
    assert "v1.1.0" not in hub.repos[NAME].tags


def test_progress_bars_of_the_library_stay_silent(publish, dataset, capfd):
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled

    before = are_progress_bars_disabled()
    told: list[tuple[str, float]] = []
    publish(dataset, progress=lambda phase, share: told.append((phase, share)))
    assert capfd.readouterr() == ("", "")
    assert are_progress_bars_disabled() == before
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("published", 1.0)
