"""The studies that all tests of the analyses rest on."""

import numpy as np


def test_the_labels_are_a_study_of_twelve_sessions(label_study):
    assert len(label_study.sessions) == 12
    assert label_study.simulated
    first = label_study.sessions[0]
    assert len(first) == 4 * 60 * 30
    assert first.time_s[0] == 0
    assert (np.diff(first.time_s) > 0).all()
    assert first.road_focal_origin == "calibration"
    assert 0.8 < first.has_gaze.mean() < 1
    assert {"blink", "speed_m_s", "vanishing_point_px", "homography_source"} <= first.known
    assert "head_pose_deg" not in first.known
    assert set(np.unique(first.homography_source)) <= {"direct", "propagated", "none"}
    assert len(first.where(first.blink)) == np.count_nonzero(first.blink)
