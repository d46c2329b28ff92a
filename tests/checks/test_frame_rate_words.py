import numpy as np
import pytest

from dashgaze.checks.frame_gaps import find_gaps, note_gaps
from dashgaze.checks.report import Findings


@pytest.mark.parametrize(
    ("rate_hz", "said"), [(19.98, "19.98"), (19.996, "19.996"), (15.0, "15.0"), (20.0, None)]
)
def test_a_rate_that_is_refused_can_be_seen_to_be_too_low(tmp_path, rate_hz, said):
    findings = Findings(tmp_path)
    gaps = find_gaps(np.arange(200) / rate_hz)
    note_gaps(gaps, findings, name="road", path="road.mp4", least_rate_hz=20.0)
    found = [each.message for each in findings.found if each.code == "FRAME-RATE-LOW"]
    assert len(found) == (0 if said is None else 1)
    if said is not None:
        assert f"has {said} frames per second; at least 20 are expected" in found[0]
