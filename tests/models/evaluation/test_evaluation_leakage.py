import pytest

from dashgaze.errors import InputError
from dashgaze.models.contract.checkpoint import CheckpointConfig
from dashgaze.models.evaluation.leakage import check_data, check_seen


def config(**more) -> CheckpointConfig:
    given = {
        "model": "dashgazenet",
        "options": {},
        "training": {},
        "data_digest": "a" * 64,
        "data_title": "old 1.0.0",
        "train_sessions": ("t0", "t1"),
        "train_drivers": ("x0",),
        "step": 10,
    }
    return CheckpointConfig(**given | more)


def check(samples, config, *, split="test", allow_seen=False):
    return check_seen(samples, config, name="net", split=split, allow_seen=allow_seen)


def test_a_model_that_has_seen_nothing_of_the_test_passes(samples):
    seen = check(samples, config())
    assert (seen.sessions, seen.drivers, seen.notes) == ((), (), ())


def test_sessions_that_were_learned_from_are_refused_by_name(samples):
    leaking = config(train_sessions=("s1", "s4", "t0"))
    with pytest.raises(InputError, match=r"net has seen sessions .*: s1, s4\..*--split train"):
        check(samples, leaking)
    with pytest.raises(InputError, match="s1, s4"):
        check(samples, leaking, allow_seen=True)


def test_sessions_that_a_step_was_chosen_by_are_refused_too(samples):
    with pytest.raises(InputError, match="s2"):
        check(samples, config(validation_sessions=("s2",), validation_drivers=("d2",)))


def test_seen_drivers_are_refused_unless_asked_for(samples):
    leaking = config(train_drivers=("d3", "x0"))
    with pytest.raises(InputError, match=r"seen drivers .*: d3\..*--allow-seen"):
        check(samples, leaking)
    seen = check(samples, leaking, allow_seen=True)
    assert seen.drivers == ("d3",)
    assert "d3" in seen.notes[0]


def test_the_train_split_is_a_diagnosis_that_is_marked(samples):
    seen = check(samples, config(train_sessions=("s1",)), split="train")
    assert seen.sessions == ("s1",)
    assert "diagnosis" in seen.notes[0]


def test_another_data_set_is_told():
    assert check_data(config(), name="net", digest="a" * 64) == ()
    (note,) = check_data(config(), name="net", digest="b" * 64)
    assert "another data set (old 1.0.0" in note
