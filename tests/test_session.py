"""Opening session folders: every way in which a folder or its manifest can be wrong."""

import contextlib
import os
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashgaze import find_sessions, open_session
from dashgaze.errors import InputError, ManifestError
from dashgaze.session import Session

MANIFEST = """\
schema: dashgaze/session/1
session_id: s01
phone:
  road: phone/road.mp4
eye_tracker:
  kind: neon
  path: eye_tracker
"""


def write(folder: Path, text: str | bytes = MANIFEST) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    content = text.encode() if isinstance(text, str) else text
    (folder / "session.yaml").write_bytes(content)
    return folder


def opened(tmp_path: Path, text: str | bytes = MANIFEST) -> Session:
    return open_session(write(tmp_path / "s01", text))


def problems(tmp_path: Path, text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(ManifestError) as caught:
        opened(tmp_path, text)
    return caught.value.problems


class TestPaths:
    def test_those_of_the_manifest(self, tmp_path):
        extra = "  driver: phone/driver.mp4\n  location: phone/track.gpx\neye_tracker:"
        session = opened(tmp_path, MANIFEST.replace("eye_tracker:", extra))
        root = tmp_path / "s01"
        assert session.root == root
        assert session.road_path == root / "phone" / "road.mp4"
        assert session.driver_path == root / "phone" / "driver.mp4"
        assert session.location_path == root / "phone" / "track.gpx"
        assert session.eye_tracker_path == root / "eye_tracker"
        assert session.derived == root / "derived"

    def test_what_is_not_there_is_none(self, tmp_path):
        session = opened(tmp_path)
        assert session.driver_path is None
        assert session.location_path is None
        assert session.truth is None
        (session.root / "truth").mkdir()
        assert session.truth == session.root / "truth"

    def test_opening_makes_nothing(self, tmp_path):
        opened(tmp_path)
        assert [path.name for path in (tmp_path / "s01").iterdir()] == ["session.yaml"]

    @pytest.mark.parametrize(("said", "stored"), [("NFC", "NFD"), ("NFD", "NFC")])
    def test_accents_may_be_stored_in_another_form(self, tmp_path, said, stored):
        name = "Straße bergauf é ü.mp4"
        text = MANIFEST.replace("phone/road.mp4", unicodedata.normalize(said, f"ü/{name}"))
        session = opened(tmp_path, text)
        folder = session.root / unicodedata.normalize(stored, "ü")
        folder.mkdir()
        path = folder / unicodedata.normalize(stored, name)
        path.write_bytes(b"x")
        assert session.road_path == path
        assert session.road_path.read_bytes() == b"x"

    def test_the_very_name_goes_first(self, tmp_path):
        name = unicodedata.normalize("NFC", "é.mp4")
        session = opened(tmp_path, MANIFEST.replace("phone/road.mp4", name))
        (session.root / unicodedata.normalize("NFD", name)).write_bytes(b"other")
        (session.root / name).write_bytes(b"this")
        assert session.road_path.read_bytes() == b"this"

    @pytest.mark.parametrize("path", ["../road.mp4", "/road.mp4", "C:/road.mp4", "a/../../b", ""])
    def test_none_leads_out_of_the_session(self, tmp_path, path):
        text = MANIFEST.replace("phone/road.mp4", repr(path))
        assert "inside of the session folder" in problems(tmp_path, text)[0]

    def test_backslashes_are_taken(self, tmp_path):
        session = opened(tmp_path, MANIFEST.replace("phone/road.mp4", r"phone\road.mp4"))
        assert session.road_path == session.root / "phone" / "road.mp4"


class TestFolder:
    def test_that_does_not_exist(self, tmp_path):
        with pytest.raises(InputError, match="does not exist") as caught:
            open_session(tmp_path / "s02")
        assert caught.value.path == tmp_path / "s02"

    def test_that_is_a_file(self, tmp_path):
        path = tmp_path / "road.mp4"
        path.write_bytes(b"")
        with pytest.raises(InputError, match=r"is a file; a folder was expected\. .*import"):
            open_session(path)

    def test_that_is_the_manifest(self, tmp_path):
        path = write(tmp_path / "s01") / "session.yaml"
        with pytest.raises(InputError, match=f"Give the folder that it lies in: {path.parent}"):
            open_session(path)

    def test_without_a_manifest(self, tmp_path):
        with pytest.raises(InputError, match=r"session\.yaml does not exist\. .*dashgaze import"):
            open_session(tmp_path)

    def test_of_sessions(self, tmp_path):
        write(tmp_path / "b")
        write(tmp_path / "a")
        with pytest.raises(InputError, match=r"folder of sessions \(2 in it\)") as caught:
            open_session(tmp_path)
        assert caught.value.fix == f"Give one of them, such as {tmp_path / 'a'}."

    def test_whose_manifest_is_a_folder(self, tmp_path):
        (tmp_path / "session.yaml").mkdir()
        with pytest.raises(InputError, match=r"session\.yaml is not a file"):
            open_session(tmp_path)

    def test_a_name_that_no_file_can_have(self, tmp_path):
        with pytest.raises(InputError):
            open_session(tmp_path / "a\0b")

    @pytest.mark.skipif(
        sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything"
    )
    def test_that_may_not_be_read(self, tmp_path):
        folder = write(tmp_path / "s01")
        (folder / "session.yaml").chmod(0)
        with pytest.raises(InputError, match="can't be read"):
            open_session(folder)


class TestManifest:
    def test_windows_text(self, tmp_path):
        text = b"\xef\xbb\xbf" + MANIFEST.replace("\n", "\r\n").encode()
        assert opened(tmp_path, text).manifest.session_id == "s01"

    def test_other_encodings_are_told(self, tmp_path):
        with pytest.raises(ManifestError, match="not UTF-8"):
            opened(tmp_path, (MANIFEST + "car: Škoda\n").encode("iso8859-2"))

    def test_not_only_latin_letters(self, tmp_path):
        assert opened(tmp_path, MANIFEST + "car: Škoda 豊田\n").manifest.car == "Škoda 豊田"

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("session_id:", "sesion_id:", "unknown key 'sesion_id', did you mean 'session_id'?"),
            ("road:", "raod:", "unknown key 'phone.raod', did you mean 'road'?"),
            ("kind: neon", "knid: neon", "unknown key 'eye_tracker.knid', did you mean 'kind'?"),
            (
                "kind: neon",
                "kind: tobii",
                "'eye_tracker.kind' is 'tobii', expected 'pupil_invisible' or 'neon'",
            ),
        ],
    )
    def test_slips_name_the_nearest(self, tmp_path, old, new, problem):
        assert problem in problems(tmp_path, MANIFEST.replace(old, new))

    def test_all_faults_are_told_at_once(self, tmp_path):
        found = problems(tmp_path, "schema: dashgaze/session/1\nwether: clear\npassengers: two\n")
        assert len(found) == 5
        assert "'session_id' is missing" in found
        assert "unknown key 'wether', did you mean 'weather'?" in found

    def test_a_key_that_stands_twice(self, tmp_path):
        with pytest.raises(ManifestError, match="the key 'session_id' stands twice"):
            opened(tmp_path, MANIFEST + "session_id: s02\n")

    def test_a_key_that_stands_twice_further_in(self, tmp_path):
        text = MANIFEST.replace("  road:", "  road: a.mp4\n  road:")
        with pytest.raises(ManifestError, match="the key 'road' stands twice"):
            opened(tmp_path, text)

    @pytest.mark.parametrize("text", ["", "# nothing\n", "- 1\n", "3\n", "null\n"])
    def test_no_keys(self, tmp_path, text):
        with pytest.raises(ManifestError, match="holds no keys"):
            opened(tmp_path, text)

    @pytest.mark.parametrize(
        "value", ["!!python/object/apply:os.system ['true']", "!!python/name:os.system ''", "!x y"]
    )
    def test_tags_run_nothing(self, tmp_path, value):
        with pytest.raises(ManifestError, match="not valid YAML"):
            opened(tmp_path, MANIFEST + f"car: {value}\n")

    def test_aliases_are_refused(self, tmp_path):
        with pytest.raises(ManifestError, match=r"the alias \*a in line 9"):
            opened(tmp_path, MANIFEST + "car: &a VW\ndriver_id: *a\n")

    def test_a_bomb_of_aliases_is_refused_shortly(self, tmp_path):
        lines = ["car: &a0 [x, x, x, x, x, x, x, x, x]"]
        keys = ("weather", "lighting", "eyewear", "driver_id", "passengers", "recorded_at")
        for level, key in enumerate(keys, start=1):
            lines.append(f"{key}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]")
        with pytest.raises(ManifestError) as caught:
            opened(tmp_path, MANIFEST + "\n".join(lines) + "\n")
        assert len(str(caught.value)) < 300

    @pytest.mark.parametrize("key", ["[a, b]", "{a: b}"])
    def test_keys_are_words(self, tmp_path, key):
        with pytest.raises(ManifestError, match="as a key in line 8"):
            opened(tmp_path, MANIFEST + f"? {key}\n: 1\n")

    @pytest.mark.timeout(20)  # the parser alone would take hours for these
    @pytest.mark.parametrize("text", ["[" * 60_000, "{" * 60_000, "- " * 30_000, "? " * 30_000])
    def test_deep_nesting(self, tmp_path, text):
        with pytest.raises(
            ManifestError, match=r"too deep a nesting in line 1|as a key in line 1|not valid YAML"
        ):
            opened(tmp_path, text)

    def test_what_is_too_large_for_a_manifest(self, tmp_path):
        with pytest.raises(ManifestError, match="larger than 64 KiB"):
            opened(tmp_path, MANIFEST + "#" * (64 << 10))

    @given(text=st.text(max_size=200))
    def test_any_text_is_read_or_refused(self, tmp_path_factory, text):
        folder = tmp_path_factory.mktemp("any")
        content = (MANIFEST + text).encode("utf-8", errors="surrogatepass")
        with contextlib.suppress(ManifestError):
            assert open_session(write(folder, content)).manifest.session_id == "s01"

    @given(content=st.binary(max_size=200))
    def test_any_bytes_are_read_or_refused(self, tmp_path_factory, content):
        with pytest.raises(ManifestError):
            open_session(write(tmp_path_factory.mktemp("any"), content))


class TestFinding:
    def test_sorted_and_at_any_depth(self, tmp_path):
        for name in ("b/s2", "a/deep/er/s1", "c"):
            write(tmp_path / name)
        found = find_sessions(tmp_path)
        assert found == [tmp_path / name for name in ("a/deep/er/s1", "b/s2", "c")]

    def test_the_folder_itself(self, tmp_path):
        assert find_sessions(write(tmp_path / "s")) == [tmp_path / "s"]

    def test_not_inside_of_a_session(self, tmp_path):
        write(write(tmp_path / "s") / "phone" / "copy")
        assert find_sessions(tmp_path) == [tmp_path / "s"]

    def test_neither_hidden_nor_unfinished(self, tmp_path):
        for name in (".trash/s1", "s2.part", "s3"):
            write(tmp_path / name)
        assert find_sessions(tmp_path) == [tmp_path / "s3"]

    def test_links_in_a_circle_end(self, tmp_path):
        write(tmp_path / "a" / "s1")
        (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
        assert find_sessions(tmp_path) == [tmp_path / "a" / "s1"]

    def test_a_linked_session_is_found(self, tmp_path):
        write(tmp_path / "elsewhere" / "s1")
        (tmp_path / "drives").mkdir()
        link = tmp_path / "drives" / "s1"
        link.symlink_to(tmp_path / "elsewhere" / "s1", target_is_directory=True)
        assert find_sessions(tmp_path / "drives") == [link]

    def test_none(self, tmp_path):
        assert find_sessions(tmp_path) == []

    def test_no_folder(self, tmp_path):
        with pytest.raises(InputError, match="does not exist"):
            find_sessions(tmp_path / "x")


def test_the_recording_is_read_once(tmp_path, monkeypatch):
    calls = []

    def fake(path, *, progress):
        calls.append(path)
        return object()

    monkeypatch.setattr("dashgaze.collection.eye_tracker.open_recording", fake)
    session = opened(tmp_path)
    assert session.recording() is session.recording()
    assert calls == [tmp_path / "s01" / "eye_tracker"]


def test_two_sessions_of_one_folder_are_equal(tmp_path):
    assert opened(tmp_path) == opened(tmp_path)
