"""Records a drive with made-up devices and is killed at a given line of the journal. Run by a test."""

import importlib.util
import os
import signal
import sys
from pathlib import Path

spec = importlib.util.spec_from_file_location(
    "record_field_fakes", Path(__file__).with_name("field_fakes.py")
)
fakes = importlib.util.module_from_spec(spec)
sys.modules["record_field_fakes"] = fakes
spec.loader.exec_module(fakes)

from dashgaze.collection.field.json_lines import LineFile
from dashgaze.collection.record import (
    DeviceOptions,
    Form,
    RecorderOptions,
    begin_drive,
    run_drive,
)
from dashgaze.collection.record.view import ChecksView, LiveView, StepView

FORM = Form(
    driver="P07",
    consent_version="2.1",
    consent_scope="blurred",
    car="VW Golf",
    camera_position="under_mirror",
    weather="clear",
    lighting="night",
    eyewear="none",
    passengers=1,
    minutes=1.0,
    observer="AB",
    eye_tracker="neon",
)
RULES = [
    (lambda v: isinstance(v, ChecksView) and not v.busy, "enter"),
    (lambda v: isinstance(v, LiveView) and bool(v.prompt), "y"),
    (lambda v: isinstance(v, LiveView) and v.elapsed_s > 3 and v.event_count == 0, "o"),
    (lambda v: isinstance(v, LiveView) and v.elapsed_s > 5, "e"),
    (lambda v: isinstance(v, StepView) and "Last, the sync" in v.step, "enter"),
]


def record(folder: Path, clock, *, resumed: bool):
    devices = {
        "phone": fakes.FakeDevice("phone", folder / "phone.json"),
        "tracker": fakes.FakeDevice("tracker", folder / "tracker.json"),
    }
    return fakes.in_jumping_time(
        run_drive(
            folder / "drives" / "s1",
            fakes.PatientDesk(RULES),
            RecorderOptions(title="s1"),
            resumed=resumed,
            clock=clock,
            make=lambda observer: devices,
        )
    )


def main() -> None:
    folder, at, torn = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "torn"
    written = 0
    append = LineFile.append

    def killing(self, entry):
        nonlocal written
        if self.path.name == "journal.jsonl":
            written += 1
            if written == at and torn:
                with self.path.open("ab") as file:
                    file.write(b'{"step": "star')
                    file.flush()
                    os.kill(os.getpid(), signal.SIGKILL)
        append(self, entry)
        if self.path.name == "journal.jsonl" and written == at and not torn:
            os.kill(os.getpid(), signal.SIGKILL)

    LineFile.append = killing
    clock = fakes.JumpingClock()
    (folder / "drives").mkdir()
    begin_drive(folder / "drives" / "s1", FORM, DeviceOptions(), clock=clock)
    record(folder, clock, resumed=False)


if __name__ == "__main__":
    main()
