import re

import pytest
import yaml

from dashgaze.dataset.papers import open_questions
from dashgaze.schemas.about import About, Author

SECTIONS = [
    "Motivation",
    "Composition",
    "Collection process",
    "Preprocessing",
    "Uses",
    "Distribution",
    "Maintenance",
]


def gaps_in(text: str) -> set[str]:
    return set(re.findall(r"TODO \(about\.yaml: ([a-z_.]+)\)", text))


@pytest.fixture
def papers_of(tmp_path, pack, drives, write):
    """Write the papers of a data set; give the text of one."""

    def run(about: About, name: str = "DATASHEET.md") -> str:
        write(tmp_path / "dashgaze", pack(tmp_path / "dashgaze", drives), about)
        return (tmp_path / "dashgaze" / name).read_text()

    return run


def test_it_has_the_seven_sections(whole):
    text = (whole / "DATASHEET.md").read_text()
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == SECTIONS
    questions = re.findall(r"^\*\*(.+?\?)\*\*", text, flags=re.MULTILINE)
    assert len(questions) >= 45
    # every question has an answer on the same line, or a list or table under it
    for part in re.split(r"^\*\*.+?\?\*\*", text, flags=re.MULTILINE)[1:]:
        assert len(part.split("\n## ")[0].strip()) > 8


@pytest.mark.parametrize("with_pictures", [False, True])
def test_gaps_that_are_seen_are_those_that_are_listed(tmp_path, pack, drives, write, with_pictures):
    if with_pictures:
        drives[0].outward_pictures = "anonymized"
    folder = tmp_path / "dashgaze"
    manifest = pack(folder, drives)
    for about in (About(), About(licence="My-Own", funding="Us", contact="us@example.org")):
        write(folder, manifest, about)
        listed = open_questions(about, manifest)
        assert gaps_in((folder / "DATASHEET.md").read_text()) == set(listed)
        assert ("passengers_policy" in listed) == with_pictures
        assert ("minors_policy" in listed) == with_pictures
        assert ("licence_url" in listed) == (about.licence == "My-Own")
        for path in folder.iterdir():
            if path.is_file():
                assert gaps_in(path.read_text()) <= set(listed)


def test_with_all_answered_no_gap_is_left(whole, about, pack, drives, tmp_path):
    assert open_questions(about, pack(tmp_path, drives)) == []
    for path in whole.iterdir():
        if path.is_file():
            assert "TODO" not in path.read_text()


def test_answers_stand_at_their_questions(whole):
    text = (whole / "DATASHEET.md").read_text()
    assert "**Who paid?** None: it costs nothing." in text
    assert "Board: Board B; protocol: P-17." in text
    assert "Lovelace, Ada, Grace Hopper; on behalf of: Example Lab." in text
    assert "- Ranking drivers." in text


def test_what_can_be_counted_is_counted(papers_of, about, drives):
    drives[1].consent_scope = "gaze_only"
    drives[0].driver_pictures = "raw"
    drives[0].notes = ("No faces.", "A | b.")
    drives[1].notes = ("No faces.",)
    drives[3].frames["ego_frame_valid"] = [False] * 40
    for drive, passengers in zip(drives, (1, 0, 1), strict=False):
        drive.session |= {"passengers": passengers, "consent_version": "form-2"}
    text = papers_of(about)
    assert "| usable frames | 75.0 % |" in text
    assert "| usable frames with gaze in the ego view | 100 % |" in text
    assert "| rain, night | 0.50 h | 1 |" in text
    assert "| gaze_only | 1 |" in text
    assert "| No faces. | 2 |\n| A \\| b. | 1 |" in text
    assert "| raw | 3 |" in text
    assert "Versions: form-2: 3 sessions and not stated: 1 session." in text
    assert "beside the driver: 1: 2 sessions, 0: 1 session and not stated: 1 session." in text
    assert "| driver | raw | 1 |" in text
    assert "| median of sessions | 2.5 |" in text
    assert "| largest | 4 |" in text
    assert "| direct | 120 | 100 % |" in text
    assert "| session_900 | The clocks could not be aligned. |" in text
    assert "| drivers | 1 |\n| sessions | 2 |\n| rows | 36\u202f000 |\n| files | 9 |" in text
    assert "2 sessions and 36\u202f000 rows were removed" in text


def test_the_licence_is_named_with_its_address(papers_of, about):
    text = papers_of(about, "LICENSE")
    assert "Creative Commons Attribution-NonCommercial 4.0 International (CC-BY-NC-4.0)" in text
    assert "https://creativecommons.org/licenses/by-nc/4.0/legalcode" in text
    assert "DUA.md" not in text


def test_a_licence_of_ones_own_is_named_as_given(papers_of, about):
    own = about.model_copy(
        update={"licence": "Our-Terms", "licence_url": "https://example.org/terms"}
    )
    text = papers_of(own, "LICENSE")
    assert "Our-Terms" in text
    assert "https://example.org/terms" in text
    assert "license: other\nlicense_name: our-terms\nlicense_link: LICENSE\n" in papers_of(
        own, "README.md"
    )


def test_the_agreement_holds_what_pictures_of_people_need(papers_of, about, drives):
    drives[0].driver_pictures = "raw"
    text = papers_of(about, "DUA.md")
    for word in (
        "legal review",
        "No re-identification",
        "No biometric identification",
        "No redistribution",
        "Withdrawal",
        "Purpose",
        "gaze@example.org",
        "Driver view of 1 session: as recorded",
    ):
        assert word in text


def test_the_citation_file_is_of_version_1_2(papers_of, about):
    content = yaml.safe_load(papers_of(about, "CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= set(content)
    assert content["cff-version"] == "1.2.0"
    assert content["type"] == "dataset"
    assert content["authors"] == [
        {
            "family-names": "Lovelace",
            "given-names": "Ada",
            "affiliation": "Analytical",
            "orcid": "https://orcid.org/0000-0002-1825-0097",
        },
        {"family-names": "Hopper", "given-names": "Grace"},
    ]
    assert content["doi"] == "10.5281/zenodo.1234"
    assert content["date-released"] == "2026-05-12"
    assert content["license"] == "CC-BY-NC-4.0"


def test_without_authors_the_citation_file_stays_valid(papers_of):
    content = yaml.safe_load(papers_of(About(), "CITATION.cff"))
    assert content["authors"] == [{"name": "TODO (about.yaml: authors)"}]


def test_the_card_cites_what_people_gave_or_makes_it(papers_of, about):
    card = papers_of(about, "README.md")
    assert "@misc{dashgaze_1_2_0," in card
    assert "author = {Lovelace, Ada and Hopper, Grace}," in card
    own = about.model_copy(update={"citation": "See the paper."})
    assert "```bibtex\nSee the paper.\n```" in papers_of(own, "README.md")


def test_an_author_of_one_name_is_taken(papers_of, about):
    single = about.model_copy(update={"authors": [Author(name="Plato")]})
    assert yaml.safe_load(papers_of(single, "CITATION.cff"))["authors"] == [
        {"family-names": "Plato"}
    ]
