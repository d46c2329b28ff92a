"""Which texts are addresses, what may be written down of the way there, and who may know the rest."""

import json
import os
import sys

import pytest

from dashgaze.errors import InputError, MissingExtraError
from dashgaze.remote import find_remote_sessions, is_url
from dashgaze.remote_file import (
    RemoteError,
    Store,
    options_for,
    public_options,
    remembering,
    tidy_url,
)


@pytest.mark.parametrize(
    "text", ["s3://b/drives", "memory://x", "file:///data", "simplecache::s3://b/x"]
)
def test_addresses_are_told_from_paths(text: str) -> None:
    assert is_url(text)


@pytest.mark.parametrize(
    "text", ["drives", "/data/s3:/x", r"C:\drives", "C://drives", "a:b", "", "://x"]
)
def test_paths_are_no_addresses(text: str) -> None:
    assert not is_url(text)


def test_slashes_at_the_end_don_t_matter() -> None:
    assert tidy_url("s3://bucket/drives//") == "s3://bucket/drives"
    assert tidy_url("memory://") == "memory://"


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(InputError, match="password") as refusal:
        find_remote_sessions("ftp://me:sesame@host/drives")
    assert "sesame" not in str(refusal.value)


def test_keys_are_not_written_down() -> None:
    given = {
        "key": "k",
        "secret": "s",
        "token": "t",
        "anon": True,
        "endpoint_url": "https://me:sesame@host",
        "client_kwargs": {"region_name": "eu", "aws_secret_access_key": "s"},
    }
    assert public_options(given) == {"anon": True, "client_kwargs": {"region_name": "eu"}}


def test_options_hold_for_what_lies_under_an_address_and_only_while_asked() -> None:
    with remembering("s3://b/a", {"key": "1"}), remembering("s3://b/a/c", {"key": "2"}):
        assert options_for("s3://b/a/x.mp4") == {"key": "1"}
        assert options_for("s3://b/a/c/x.mp4") == {"key": "2"}
        assert options_for("s3://b/ab/x.mp4") == {}
    assert options_for("s3://b/a/x.mp4") == {}
    assert "DASHGAZE_STORAGE_OPTIONS" not in os.environ


def test_options_that_no_other_process_can_have_are_refused() -> None:
    with (
        pytest.raises(InputError, match="plain values"),
        remembering("s3://b", {"session": object()}),
    ):
        pass


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec

    known = sys.modules[fsspec.get_filesystem_class.__module__]._registry
    monkeypatch.delitem(known, "s3", raising=False)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingExtraError, match=r"dashgaze\[cluster\]"):
        Store("s3://bucket/drives")


def test_an_unknown_kind_of_store_is_an_error_of_ours() -> None:
    with pytest.raises(RemoteError, match="can't be used"):
        Store("nonsense://bucket")


def test_sessions_are_found_as_in_folders(memory) -> None:
    for name in (
        "drives/b/session.yaml",
        "drives/a b/é/session.yaml",
        "drives/a b/é/truth/session.yaml",
        "drives/.hidden/session.yaml",
        "drives/c.part/session.yaml",
        "drives/notes.txt",
        "drives2/session.yaml",
    ):
        memory.pipe_file(f"/{name}", b"x")
    assert find_remote_sessions("memory://drives/") == [
        "memory://drives/a b/é",
        "memory://drives/b",
    ]
    assert find_remote_sessions("memory://drives/b") == ["memory://drives/b"]


def test_an_address_with_nothing_under_it_is_an_error(memory) -> None:
    with pytest.raises(RemoteError, match="nothing under memory://drives"):
        find_remote_sessions("memory://drives")


def test_a_local_folder_works_as_a_store(tmp_path) -> None:
    (tmp_path / "my drives" / "one").mkdir(parents=True)
    (tmp_path / "my drives" / "one" / "session.yaml").write_text(json.dumps({}))
    assert find_remote_sessions(f"file://{tmp_path}/my drives") == [
        f"file://{tmp_path}/my drives/one"
    ]
