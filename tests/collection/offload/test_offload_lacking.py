"""What the journal tells of and was not asked for is said: files that were never listed can't fail."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from dashgaze.collection.offload import offload


def bring(field, **more):
    return asyncio.run(offload(field.session, **more))


def test_nothing_asked_for_is_not_all_home(field):
    result = bring(field)
    assert result.complete, "nothing that was listed failed"
    assert [words.split(" is ")[0].split(" are ")[0] for words in result.lacking] == [
        "The phone's videos",
        "The eye tracker's recording",
    ]
    assert result.to_json()["lacking"] == result.lacking
    result = bring(field, tracker=field.export, phone=field.phone)
    assert result.lacking == []


def test_the_command_does_not_say_that_all_is_home(field):
    from dashgaze.cli.application import app

    arguments = ["collect", "offload", str(field.session), "--from-phone", str(field.phone)]
    result = CliRunner().invoke(app, [*arguments, "--no-quick", "--quiet"])
    assert result.exit_code == 3
    assert "not all is here" in result.output
    assert "--from-tracker" in result.output
    assert "Home and verified" not in result.output


@pytest.mark.parametrize("made", [False, True])
def test_a_page_that_still_holds_something_is_told(field, made):
    page = field.session / "field" / "page"
    page.mkdir()
    (page / "road_1.webm").write_bytes(b"sent by the page")
    if made:
        (field.session / "phone").mkdir()
        (field.session / "phone" / "road.webm").write_bytes(b"made of it")
        parts = [{"source": "field/page/road_1.webm", "complete": False}]
        (page / "result.json").write_text(json.dumps({"parts": parts}))
    result = bring(field, tracker=field.export)
    assert len(result.lacking) == 1
    assert "collect serve" in result.lacking[0]
    assert ("The end of road_1.webm" in result.lacking[0]) is made
