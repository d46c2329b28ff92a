import math

import pytest
import torch
from torch import nn

from dashgaze.errors import InputError
from dashgaze.face_detection.head_pose import facing_angles_deg
from dashgaze.models.networks.adapters import _Gaze360Layers
from dashgaze.models.networks.head_frame import (
    angles_of_camera,
    angles_relative_to_head,
    head_rotation,
)
from dashgaze.models.networks.registry import build
from dashgaze.models.networks.resnet import resnet50


@pytest.fixture(scope="module")
def gaze360_file(tmp_path_factory):
    """Random weights, but for the last layer, which always answers the same."""
    torch.manual_seed(0)
    weights = _Gaze360Layers().state_dict()
    weights["last_layer.weight"].zero_()
    weights["last_layer.bias"].copy_(torch.tensor([math.atanh(0.1), math.atanh(-0.2), 0.0]))
    path = tmp_path_factory.mktemp("weights") / "gaze360.pth"
    torch.save({"state_dict": weights}, path)
    return path


def l2cs_file(path, *, bins, yaw_bin, pitch_bin):
    """Weights whose heads put all their probability on one bin each."""
    torch.manual_seed(0)
    network = resnet50()
    for name, chosen in (("fc_yaw_gaze", yaw_bin), ("fc_pitch_gaze", pitch_bin)):
        head = nn.Linear(2048, bins)
        nn.init.zeros_(head.weight)
        nn.init.zeros_(head.bias)
        with torch.no_grad():
            head.bias[chosen] = 100.0
        network.add_module(name, head)
    network.add_module("fc_finetune", nn.Linear(2051, 3))
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture
def one_face(fake_batch):
    batch = fake_batch({"face": (224, 224)}, 2)
    batch.head_pose[:] = 0.0
    return batch


def test_gaze_to_the_pictures_left_is_to_the_drivers_right():
    gaze = torch.tensor([[0.0, 0.0, -1.0], [-0.6, 0.0, -0.8], [0.0, -0.6, -0.8]])
    angles = angles_of_camera(gaze)
    right = math.atan2(0.6, 0.8)
    torch.testing.assert_close(
        angles, torch.tensor([[0.0, 0.0], [right, 0.0], [0.0, right]]), atol=1e-6, rtol=0
    )


def test_head_rotations_are_those_of_the_face_table():
    pose_deg = torch.tensor([[20.0, -10.0, 5.0]], dtype=torch.float64)
    facing = torch.diag(torch.tensor([-1.0, 1.0, -1.0], dtype=torch.float64))
    camera_from_head = head_rotation(pose_deg.deg2rad())[0] @ facing
    found = facing_angles_deg(camera_from_head.numpy())
    assert found == pytest.approx(pose_deg[0].numpy())


def test_a_head_that_looks_straight_ahead_has_no_angle():
    pose = torch.tensor([[0.4, 0.1, 0.2], [-0.3, -0.2, 0.0]])
    forward = head_rotation(pose) @ torch.tensor([0.0, 0.0, -1.0])
    torch.testing.assert_close(
        angles_relative_to_head(forward, pose), torch.zeros(2, 2), atol=1e-6, rtol=0
    )


def test_gaze_into_the_camera_of_a_head_turned_left_is_to_its_right():
    gaze = torch.tensor([[0.0, 0.0, -1.0]])
    angle = angles_relative_to_head(gaze, torch.tensor([[0.3, 0.0, 0.0]]))
    torch.testing.assert_close(angle, torch.tensor([[0.3, 0.0]]), atol=1e-6, rtol=0)
    angle = angles_relative_to_head(gaze, torch.tensor([[0.0, 0.3, 0.0]]))
    torch.testing.assert_close(angle, torch.tensor([[0.0, -0.3]]), atol=1e-6, rtol=0)


def test_gaze360_answers_yaw_pitch_and_spread(gaze360_file, one_face):
    network = build("gaze360", {"weights": str(gaze360_file), "frame": "camera"})
    output = network(one_face)
    expected = torch.tensor([[0.1 * math.pi, -0.2 * math.pi / 2]]).expand(2, 2)
    torch.testing.assert_close(output.angle, expected)
    spread = math.pi / 2 / 1.2815515655446004
    torch.testing.assert_close(output.angle_log_sd.exp(), torch.full((2, 2), spread))
    assert output.xy.isnan().all()


def test_gaze360_is_relative_to_the_head_and_unknown_without_its_pose(gaze360_file, one_face):
    network = build("gaze360", {"weights": str(gaze360_file)})
    one_face.head_pose[0, 0] = 0.2
    one_face.head_pose_known[1] = False
    angle = network(one_face).angle
    assert angle[0, 0].item() == pytest.approx(0.1 * math.pi + 0.2, abs=0.02)
    assert angle[1].isnan().all()


@pytest.mark.parametrize(("bins", "yaw_deg", "pitch_deg"), [(90, 20.0, -12.0), (28, 18.0, -12.0)])
def test_l2cs_answers_the_middle_of_its_bins(tmp_path, one_face, bins, yaw_deg, pitch_deg):
    width, first = {90: (4.0, -180.0), 28: (3.0, -42.0)}[bins]
    path = l2cs_file(
        tmp_path / "l2cs.pkl",
        bins=bins,
        yaw_bin=round((yaw_deg - first) / width),
        pitch_bin=round((pitch_deg - first) / width),
    )
    options = {"weights": str(path), "frame": "camera", "input_px": 64}
    answer = build("l2cs", options)(one_face).angle.rad2deg()
    torch.testing.assert_close(answer[0], torch.tensor([yaw_deg, pitch_deg]), atol=1e-3, rtol=0)
    if bins == 28:
        swapped = build("l2cs", {**options, "swapped": True})(one_face).angle.rad2deg()
        torch.testing.assert_close(swapped[0], answer[0].flip(0), atol=1e-3, rtol=0)


def test_l2cs_looks_at_448_px_unless_told(tmp_path):
    path = l2cs_file(tmp_path / "l2cs.pkl", bins=28, yaw_bin=14, pitch_bin=14)
    assert build("l2cs", {"weights": str(path)}).choice.input_px == 448


def test_a_face_that_is_missing_has_no_angle(gaze360_file, one_face):
    network = build("gaze360", {"weights": str(gaze360_file)})
    one_face.present["face"][0] = False
    angle = network(one_face).angle
    assert angle[0].isnan().all()
    assert angle[1].isfinite().all()


def test_only_the_map_to_the_road_is_learned(gaze360_file, one_face):
    network = build("gaze360", {"weights": str(gaze360_file), "location": "affine"}).train()
    before = {name: each.clone() for name, each in network.network.state_dict().items()}
    terms = network.loss(network(one_face), one_face)
    terms["total"].backward()
    assert network.affine.weight.grad.abs().sum() > 0
    assert all(each.grad is None for each in network.network.parameters())
    after = network.network.state_dict()
    assert all(torch.equal(after[name], each) for name, each in before.items())


def test_there_is_nothing_to_train_without_a_map(gaze360_file, one_face):
    network = build("gaze360", {"weights": str(gaze360_file)})
    with pytest.raises(InputError, match="nothing to train"):
        network.loss(network(one_face), one_face)


@pytest.mark.parametrize("name", ["gaze360", "l2cs"])
def test_an_adapter_without_weights_says_so(name):
    with pytest.raises(InputError, match="needs weights"):
        build(name)


def test_weights_of_another_network_are_refused_by_name(gaze360_file, tmp_path):
    with pytest.raises(InputError, match=r"L2CS-Net\) does not fit: missing conv1\.weight"):
        build("l2cs", {"weights": str(gaze360_file)})
    path = l2cs_file(tmp_path / "odd.pkl", bins=66, yaw_bin=0, pitch_bin=0)
    with pytest.raises(InputError, match="66 bins"):
        build("l2cs", {"weights": str(path)})
