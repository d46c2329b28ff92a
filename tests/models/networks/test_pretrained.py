import hashlib

import pytest
import torch
from safetensors.torch import save_file

from dashgaze.errors import InputError
from dashgaze.models.networks import pretrained
from dashgaze.models.networks.pretrained import HubWeights, load_pretrained
from dashgaze.models.networks.registry import build
from dashgaze.models.networks.resnet import ResNet
from dashgaze.models.networks.weight_file import read_weights

TINY = {"size": "tiny"}


def foreign_weights(seed=5):
    """A trunk like that of the tiny size, with a classifier behind it."""
    torch.manual_seed(seed)
    return ResNet("basic", (1, 1, 1, 1), width=8, classes=10).state_dict()


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_both_trunks_are_filled_from_a_file_and_its_classifier_is_left_out(tmp_path, suffix):
    weights = foreign_weights()
    path = tmp_path / f"trunk{suffix}"
    if suffix == ".pth":
        torch.save({"state_dict": {f"module.{name}": each for name, each in weights.items()}}, path)
    else:
        save_file(weights, path)
    network = build("dashgazenet", TINY)
    head = network.face.fc.weight.clone()
    assert load_pretrained(network, path) == {"source": path.name, "sha256": sha256(path)}
    for branch in (network.face, network.driver):
        for name, value in branch.trunk.state_dict().items():
            assert torch.equal(value, weights[name]), name
    assert torch.equal(network.face.fc.weight, head)


def test_none_changes_nothing():
    network = build("dashgazenet", TINY)
    before = network.face.trunk.conv1.weight.clone()
    assert load_pretrained(network, "none") == {}
    assert torch.equal(network.face.trunk.conv1.weight, before)


def test_names_that_do_not_fit_are_told_and_nothing_is_changed(tmp_path):
    weights = foreign_weights()
    weights["stem.weight"] = weights.pop("conv1.weight")
    save_file(weights, tmp_path / "other.safetensors")
    network = build("dashgazenet", TINY)
    before = network.state_dict()["face.trunk.bn1.weight"].clone()
    with pytest.raises(InputError, match=r"missing conv1\.weight; left over stem\.weight"):
        load_pretrained(network, tmp_path / "other.safetensors")
    assert torch.equal(network.state_dict()["face.trunk.bn1.weight"], before)


def test_a_trunk_of_another_width_is_refused(tmp_path):
    save_file(ResNet("basic", (1, 1, 1, 1), width=4).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(InputError, match=r"conv1\.weight has shape \(4, 3, 7, 7\), expected"):
        load_pretrained(build("dashgazenet", TINY), tmp_path / "w.safetensors")


def test_a_file_that_is_missing_damaged_or_holds_code_is_refused(tmp_path):
    network = build("dashgazenet", TINY)
    with pytest.raises(InputError, match="no file of weights"):
        load_pretrained(network, tmp_path / "nowhere.pth")
    damaged = tmp_path / "damaged.pth"
    damaged.write_bytes(b"not weights at all")
    with pytest.raises(InputError, match="can't be read as weights"):
        load_pretrained(network, damaged)
    (tmp_path / "damaged.safetensors").write_bytes(b"\x00" * 40)
    with pytest.raises(InputError, match=r"no whole \.safetensors"):
        load_pretrained(network, tmp_path / "damaged.safetensors")
    torch.save(ResNet("basic", (1,), width=4), tmp_path / "module.pth")
    with pytest.raises(InputError, match="can't be read as weights"):
        load_pretrained(network, tmp_path / "module.pth")
    torch.save([torch.zeros(3)], tmp_path / "list.pth")
    with pytest.raises(InputError, match="holds a list"):
        load_pretrained(network, tmp_path / "list.pth")
    torch.save({"epoch": 3}, tmp_path / "none.pth")
    with pytest.raises(InputError, match="no named tensors"):
        read_weights(tmp_path / "none.pth")


def test_a_network_without_residual_trunks_is_refused(tmp_path):
    with pytest.raises(InputError, match="no residual trunk"):
        load_pretrained(build("facegaze", {"size": "tiny"}), "imagenet")


def test_imagenet_weights_are_only_there_for_published_trunks():
    with pytest.raises(InputError, match="no ImageNet weights"):
        load_pretrained(build("dashgazenet", TINY), "imagenet")


@pytest.fixture
def narrow_resnet18(monkeypatch, tmp_path):
    """A stand-in for the Hub: it serves weights of a network of one block a stage."""
    path = tmp_path / "model.safetensors"
    save_file(ResNet("basic", (1, 1, 1, 1), classes=10).state_dict(), path)
    asked = []

    def download(repository, name, *, revision):
        asked.append((repository, name, revision))
        return str(path)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    monkeypatch.setattr(pretrained, "RESNET18_DEPTHS", (1, 1, 1, 1))
    hub = HubWeights("someone/resnet", "0" * 40, "model.safetensors", sha256(path))
    monkeypatch.setattr(pretrained, "RESNET18_A1", hub)
    return path, asked


def test_imagenet_weights_come_from_a_pinned_revision(narrow_resnet18):
    path, asked = narrow_resnet18
    network = build("dashgazenet", {**TINY, "width": 64})
    told = load_pretrained(network, "imagenet")
    assert asked == [("someone/resnet", "model.safetensors", "0" * 40)]
    assert told == {
        "source": f"hf://someone/resnet@{'0' * 40}/model.safetensors",
        "sha256": sha256(path),
    }
    assert torch.equal(network.driver.trunk.conv1.weight, read_weights(path)["conv1.weight"])


def test_a_download_that_is_not_what_was_pinned_is_refused(narrow_resnet18, monkeypatch):
    hub = HubWeights("someone/resnet", "0" * 40, "model.safetensors", "f" * 64)
    monkeypatch.setattr(pretrained, "RESNET18_A1", hub)
    with pytest.raises(InputError, match="not what was pinned"):
        load_pretrained(build("dashgazenet", {**TINY, "width": 64}), "imagenet")


def test_no_network_and_no_cache_is_an_error_not_random_weights(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(pretrained, "RESNET18_DEPTHS", (1, 1, 1, 1))
    network = build("dashgazenet", {**TINY, "width": 64})
    before = network.face.trunk.conv1.weight.clone()
    with pytest.raises(InputError, match=r"timm/resnet18\.a1_in1k can't be had"):
        load_pretrained(network, "imagenet")
    assert torch.equal(network.face.trunk.conv1.weight, before)


def test_the_pinned_files_have_full_digests():
    for hub in (pretrained.RESNET50_A1, pretrained.RESNET18_A1):
        assert len(hub.revision) == 40
        assert len(hub.sha256) == 64
