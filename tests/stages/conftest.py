"""One short drive, aligned once as a whole and once in part, for all tests of the align stage."""

import pytest

import dashgaze.alignment.chunk

BRIEF_FRAMES = 80
CHUNK_FRAMES = 25


@pytest.fixture(scope="session")
def whole(short_drive, made_drive, tmp_path_factory):
    """The whole drive, aligned; not to be changed."""
    root = short_drive.copy_of(made_drive, tmp_path_factory.mktemp("whole") / "s")
    short_drive.set_clocks(root)
    return short_drive.align_drive(root)


@pytest.fixture(scope="session")
def brief(short_drive, made_drive, tmp_path_factory):
    """Its first 80 frames, aligned in four stretches; not to be changed.

    The out-of-focus frames 41 to 55 lie across the end of the second stretch.
    """
    root = short_drive.copy_of(
        made_drive, tmp_path_factory.mktemp("brief") / "s", ego_frames=BRIEF_FRAMES
    )
    short_drive.set_clocks(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dashgaze.alignment.chunk, "CHUNK_FRAMES", CHUNK_FRAMES)
        return short_drive.align_drive(root)


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(dashgaze.alignment.chunk, "CHUNK_FRAMES", CHUNK_FRAMES)


@pytest.fixture
def copied(short_drive, made_drive, tmp_path):
    """Give a copy of the drive, or of its first ego frames, with the true clocks."""

    def copy(ego_frames=None, *, clocks=True):
        root = short_drive.copy_of(made_drive, tmp_path / "s", ego_frames=ego_frames)
        if clocks:
            short_drive.set_clocks(root)
        return root

    return copy
