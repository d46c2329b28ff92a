import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from dashgaze.errors import InputError
from dashgaze.schemas.about import (
    About,
    Author,
    Ethics,
    about_template,
    parse_about,
    read_about,
)


def parse(text: str) -> About:
    return parse_about(text, path=Path("about.yaml"))


def test_nothing_is_required():
    assert parse("") == About()
    assert parse("schema: dashgaze/about/1") == About()
    assert About().licence == "CC-BY-NC-4.0"


def test_the_template_answers_nothing_and_asks_everything():
    template = about_template()
    assert parse(template) == About()
    keys = yaml.safe_load(template)
    assert set(keys) == {info.alias or name for name, info in About.model_fields.items()}
    assert set(keys["ethics"]) == set(Ethics.model_fields)
    assert max(map(len, template.splitlines())) < 100


def test_the_template_can_be_filled_in():
    text = about_template().replace("title:", "title: My drives").replace("#  - name", "  - name")
    text = text.replace("#    ", "    ").replace("uses_discouraged:\n#", "uses_discouraged:\n")
    filled = parse(text)
    assert filled.title == "My drives"
    assert filled.authors == [
        Author(name="Family, Given", affiliation="University", orcid="0000-0002-1825-0097")
    ]
    assert filled.uses_discouraged == ["one line for each"]


def test_all_faults_are_in_one_message_and_unknown_keys_name_the_nearest():
    with pytest.raises(InputError) as caught:
        parse("titel: x\nfunding: 3\nethics: {bord: x}\nauthors:\n- {name: A, orchid: x}\ndoi: x")
    message = str(caught.value)
    assert "about.yaml has 5 faults" in message
    assert "unknown key 'titel', did you mean 'title'?" in message
    assert "unknown key 'ethics.bord', did you mean 'board'?" in message
    assert "unknown key 'authors.0.orchid', did you mean 'orcid'?" in message
    assert "'funding' is 3: input should be a valid string" in message
    assert "'doi' is 'x' but has to be a DOI, such as 10.5281/zenodo.1234" in message
    assert message.endswith("Mend about.yaml.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: a\ntitle: b", "the key 'title' stands twice"),
        ("- a", "holds no keys"),
        ("title: [", "is not valid YAML"),
        ("hub_id: dashgaze", "has to be organisation/name"),
        ("released_on: next week", "has to be a day, such as 2026-05-12"),
        ("released_on: '20260512'", "has to be a day"),
        ("homepage: example.org", "has to be a web address"),
        ("licence: CC BY NC", "has to be an SPDX identifier"),
        ("authors: [{name: A, orcid: 0000-0002-1825-0098}]", "is no ORCID iD"),
        ("authors: [{affiliation: A}]", "'authors.0.name' is missing"),
        ("schema: dashgaze/about/2", "'schema' is 'dashgaze/about/2', expected 'dashgaze/about/1'"),
    ],
)
def test_what_is_wrong_is_said(text, message):
    with pytest.raises(InputError, match=re.escape(message)):
        parse(text)


def test_usual_ways_to_write_the_same_are_taken():
    about = parse(
        "released_on: 2026-05-12\ndoi: https://doi.org/10.5281/zenodo.1\n"
        "authors: [{name: A, orcid: 'https://orcid.org/0000-0002-1694-233X'}]\nfunding:\n"
    )
    assert about.released_on == "2026-05-12"
    assert about.doi == "10.5281/zenodo.1"
    assert about.authors[0].orcid == "0000-0002-1694-233X"
    assert about.funding is None


def test_a_missing_or_unreadable_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_about(tmp_path / "about.yaml")
    (tmp_path / "about.yaml").write_bytes(b"title: \xff")
    with pytest.raises(InputError, match="UTF-8"):
        read_about(tmp_path / "about.yaml")
    (tmp_path / "about.yaml").write_text("title: Straße\n", encoding="utf-8")
    assert read_about(tmp_path / "about.yaml").title == "Straße"


def test_its_json_schema_takes_a_full_document(about):
    schema = About.model_json_schema(by_alias=True)
    jsonschema.Draft202012Validator.check_schema(schema)
    content = about.model_dump(by_alias=True)
    jsonschema.validate(content, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content | {"titel": "x"}, schema)
