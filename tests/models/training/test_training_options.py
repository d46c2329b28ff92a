"""Options of a training, and the sessions that they choose."""

import itertools
import math

import pytest

from dashgaze.errors import InputError
from dashgaze.models.training.options import RUNTIME, TrainOptions
from dashgaze.models.training.options_file import (
    changed,
    read_sessions_file,
    read_train_options,
    train_options,
)
from dashgaze.models.training.schedule import rate_at
from dashgaze.models.training.sessions import choose_sessions


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"learning_rat": 1}, "no option learning_rat. Did you mean learning_rate?"),
        ({"pretext": {"alternat": True}}, "Did you mean pretext.alternate?"),
        ({"augmentation": {"noise": 1}}, "augmentation.noise"),
        ({"epochs": 0}, "epochs: Input should be greater than or equal to 1; it was 0"),
        ({"pretext": {"shift_px": -1}}, "shift_px and reference_width_px must be positive"),
        ({"augmentation": {"shift": 2}}, "shift has to be at least 0 and less than 1"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"train_sessions": ["a"], "validation_sessions": ["a"]}, "a is to be learned from and"),
    ],
)
def test_what_can_not_be_chosen_is_told(given, message):
    with pytest.raises(InputError, match=message.replace(".", r"\.").replace("?", r"\?")):
        train_options(given)


def test_options_come_from_a_file_and_from_words(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text("model: dashgazenet\nsize: tiny\npretext:\n  alternate: true\nhz: null\n")
    given = changed(
        read_train_options(path),
        ["network.eye_norm=group", "pretext.shift_px=10", "patience=null", "learning_rate=1e-3"],
    )
    options = train_options(given)
    assert options.size == "tiny"
    assert options.hz is None
    assert options.patience is None
    assert options.learning_rate == 1e-3
    assert options.network == {"eye_norm": "group"}
    assert options.pretext.alternate
    assert options.pretext.shift_px == 10


def test_what_was_learned_with_reads_back_as_the_same_options():
    options = train_options(
        {"size": "tiny", "augmentation": None, "workers": 7, "network": {"a": 1}}
    )
    learned = options.learned()
    assert not RUNTIME & set(learned)
    again = train_options(learned)
    assert again.learned() == learned
    assert TrainOptions().learned() == train_options(TrainOptions().learned()).learned()


@pytest.mark.parametrize(
    ("text", "message"),
    [("- a\n- b\n", "does not hold options by name"), ("a: [1\n", "is no YAML")],
)
def test_a_file_that_holds_no_options_is_refused(tmp_path, text, message):
    path = tmp_path / "options.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_train_options(path)
    with pytest.raises(InputError, match="can't be read"):
        read_train_options(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="NAME=VALUE"):
        changed({}, ["epochs"])


def test_a_file_of_sessions_gives_both_sides(tmp_path):
    path = tmp_path / "fold.yaml"
    path.write_text("train: [session_001]\nvalidation: [session_003]\ntest: [session_005]\n")
    assert read_sessions_file(path) == {
        "train_sessions": ["session_001"],
        "validation_sessions": ["session_003"],
    }
    path.write_text("validation: [session_003]\n")
    with pytest.raises(InputError, match="no sessions to learn from"):
        read_sessions_file(path)
    path.write_text("train: session_003\n")
    with pytest.raises(InputError, match="a list of sessions"):
        read_sessions_file(path)


def test_sessions_are_those_of_the_splits_unless_named(tiny_dataset):
    found = choose_sessions(tiny_dataset, TrainOptions())
    assert found.train_sessions == tuple(f"session_00{number}" for number in (1, 2, 3, 4))
    assert found.train_drivers == ("driver_01", "driver_02", "driver_03")
    assert found.validation_sessions == ("session_005",)
    assert found.validation_drivers == ("driver_04",)
    named = TrainOptions(
        train_sessions=("session_006", "session_003"), validation_sessions=("session_001",)
    )
    found = choose_sessions(tiny_dataset, named)
    assert found.train_sessions == ("session_003", "session_006")
    assert found.validation_drivers == ("driver_01",)


def test_a_driver_can_be_kept_out(tiny_dataset):
    found = choose_sessions(tiny_dataset, TrainOptions(exclude_drivers=("driver_01", "driver_04")))
    assert found.train_sessions == ("session_003", "session_004")
    assert found.validation_sessions == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"train_sessions": ("session_001",), "validation_sessions": ("session_002",)},
            "Driver driver_01 is in sessions that are learned from",
        ),
        ({"train_sessions": ("session_1",)}, "no session 'session_1'"),
        ({"exclude_drivers": ("driver_9",)}, "no driver 'driver_9'"),
        ({"train_sessions": ()}, "no session to learn from"),
        ({"train_sessions": ("session_005",)}, "session_005 is to be learned from"),
    ],
)
def test_leaks_and_wrong_names_are_refused(tiny_dataset, given, message):
    with pytest.raises(InputError, match=message):
        choose_sessions(tiny_dataset, TrainOptions(**given))


def test_the_rate_rises_then_falls_as_half_a_cosine():
    rates = [rate_at(step, 110, greatest=2.0, warmup=10) for step in range(110)]
    assert rates[0] == pytest.approx(0.2)
    assert rates[9] == rates[10] == pytest.approx(2.0)
    assert rates[60] == pytest.approx(1.0)
    assert rates[109] == pytest.approx(1.0 + math.cos(math.pi * 0.99))
    assert all(one >= other for one, other in itertools.pairwise(rates[10:]))
    assert rate_at(500, 110, greatest=2.0, warmup=0, cosine=False) == 2.0
