"""Values of a row, in whatever form a library gives it."""

import numpy as np
import pyarrow as pa
import pytest

from dashgaze.dataset.reading.row import integer_of, value_of
from dashgaze.errors import InputError

TABLE = pa.table(
    {"session_id": ["a", "b"], "road_pts": pa.array([9000, None], pa.int64()), "x": [1.5, 2.5]}
)
FRAME = TABLE.to_pandas()


class Tensor:
    """As much of a torch tensor as counts here."""

    def __init__(self, value, ndim=0):
        self.value, self.ndim = value, ndim

    def item(self):
        if self.ndim:
            raise RuntimeError("a Tensor with 2 elements cannot be converted to Scalar")
        return self.value


FORMS = {
    "dictionary": (TABLE.to_pylist()[0], TABLE.to_pylist()[1]),
    "pandas row": (FRAME.iloc[0], FRAME.iloc[1]),
    "pandas row with its own missing": (
        FRAME.convert_dtypes().iloc[0],
        FRAME.convert_dtypes().iloc[1],
    ),
    "pyarrow scalar": tuple(TABLE.to_struct_array().combine_chunks()[row] for row in (0, 1)),
    "pyarrow table of one row": (TABLE.slice(0, 1), TABLE.slice(1, 1)),
    "pyarrow batch of one row": tuple(TABLE.slice(row, 1).to_batches()[0] for row in (0, 1)),
    "numpy": (
        {"session_id": np.str_("a"), "road_pts": np.int64(9000)},
        {"session_id": np.str_("b"), "road_pts": np.float64("nan")},
    ),
    "torch": (
        {"session_id": "a", "road_pts": Tensor(9000)},
        {"session_id": "b", "road_pts": Tensor(float("nan"))},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_same_values_and_missing_is_none(form):
    first, second = FORMS[form]
    assert value_of(first, "session_id") == "a"
    assert integer_of(first, "road_pts") == 9000
    assert type(integer_of(first, "road_pts")) is int
    assert value_of(second, "session_id") == "b"
    assert integer_of(second, "road_pts") is None


@pytest.mark.parametrize("form", FORMS)
def test_a_column_that_is_not_there_is_named(form):
    with pytest.raises(InputError, match="no column 'ego_pts'"):
        value_of(FORMS[form][0], "ego_pts")


@pytest.mark.parametrize(
    "rows",
    [
        {"road_pts": [1, 2]},
        {"road_pts": np.array([1, 2])},
        {"road_pts": Tensor(None, ndim=1)},
        FRAME,
        TABLE,
    ],
    ids=["lists", "arrays", "tensors", "pandas", "pyarrow"],
)
def test_several_rows_are_refused(rows):
    with pytest.raises(InputError, match="One row was expected"):
        value_of(rows, "road_pts")


@pytest.mark.parametrize("wrong", [1.5, "9000", True])
def test_what_is_no_integer_is_refused(wrong):
    with pytest.raises(InputError, match="an integer was expected"):
        integer_of({"road_pts": wrong}, "road_pts")


def test_what_is_no_row_is_refused():
    with pytest.raises(InputError, match="of type int"):
        value_of(7, "road_pts")
