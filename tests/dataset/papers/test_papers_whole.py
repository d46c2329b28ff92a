import hashlib

from dashgaze.dataset.papers import write_papers


def sums(folder, paths):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }


def test_the_same_data_give_the_same_bytes(tmp_path, pack, drives, about):
    found = []
    for name in ("one", "two"):
        folder = tmp_path / name / "dashgaze"
        manifest = pack(folder, drives, extras=True)
        written = write_papers(folder, manifest, about)
        assert written == sorted(written)
        found.append(sums(folder, written))
        # once more over what lies there
        assert sums(folder, write_papers(folder, manifest, about)) == found[-1]
    assert found[0] == found[1]
    assert {name for name in found[0] if "/" not in name} == {
        "README.md",
        "DATASHEET.md",
        "croissant.json",
        "LICENSE",
        "DUA.md",
        "CITATION.cff",
    }


def test_nothing_but_the_papers_is_touched(tmp_path, pack, drives, about, write):
    folder = tmp_path / "dashgaze"
    manifest = pack(folder, drives, extras=True)
    before = sums(folder, (path for path in folder.rglob("*") if path.is_file()))
    written = write(folder, manifest, about)
    after = sums(folder, (path for path in folder.rglob("*") if path.is_file()))
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == sums(folder, written).keys()


def test_progress_goes_from_nothing_to_all(tmp_path, pack, drives, about, write):
    told = []
    folder = tmp_path / "dashgaze"
    write(folder, pack(folder, drives), about, progress=lambda _, fraction: told.append(fraction))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def test_a_data_set_that_everybody_left_still_has_papers(tmp_path, pack, about):
    folder = tmp_path / "dashgaze"
    folder.mkdir()
    written = write_papers(folder, pack(folder, []), about)
    assert len(written) == 6
    assert "0 sessions of 0 drivers, 0.00 h, 0 frames" in (folder / "DATASHEET.md").read_text()
