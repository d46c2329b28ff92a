"""``dashgaze collect preflight --phone page``: the page is waited for, and what for is said."""

import typer
from typer.testing import CliRunner

from dashgaze.cli.collect.preflight import preflight_command
from dashgaze.cli.command import SafeCommand

LINK = "Open this link on the phone: https://there/#token=secret"


def test_the_command_says_what_it_waits_for_and_for_how_long(tmp_path, monkeypatch, fakes):
    class PagePhone(fakes.FakeDevice):
        left = 12

        def awaited(self):
            self.left -= 1
            return (LINK,) if self.left > 0 else ()

    def make(root, options, confirm):
        return {"phone": PagePhone("phone", tmp_path / "phone.json")}

    monkeypatch.setattr("dashgaze.collection.record.make_devices", make)
    app = typer.Typer()
    app.command(cls=SafeCommand)(preflight_command)
    # One minute, so that a computer with little room left is no red of its own.
    few = ["--minutes", "1", "--phone", "page", "--tracker", "none", "--wait", "20"]
    arguments = [str(tmp_path / "s1"), *few]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 3, "no form yet"
    assert LINK in result.output
    assert "Waiting for the phone: 20 s" in result.output
    assert result.output.index(LINK) < result.output.index("Battery 80 %")
    quick = CliRunner().invoke(app, [*arguments[:-1], "0"])
    assert LINK not in quick.output
