"""What tells the `datasets` library the types of a shard's columns, without importing it."""

import json
import re
from typing import Any

from dashgaze.schemas.field import Field, Table

FEATURES_KEY = b"huggingface"
"""Key in the schema's metadata under which `datasets` looks for them."""

_MEDIA: dict[str, dict[str, Any]] = {
    "image": {"_type": "Image"},
    # Left as a path: decoding it needs another package, without which every row would be an error.
    "video": {"decode": False, "_type": "Video"},
}
_FIXED_LIST = re.compile(r"(\w+)\[(\d+)\]")


def features_json(schema: Table) -> bytes:
    """Describe the columns of a table as `datasets` writes its features into parquet files.

    Parameters
    ----------
    schema
        The table.
    """
    features = {field.name: _feature(field) for field in schema.fields}
    return json.dumps({"info": {"features": features}}).encode()


def _feature(field: Field) -> dict[str, Any]:
    if field.type in _MEDIA:
        return _MEDIA[field.type]
    several = _FIXED_LIST.fullmatch(field.type)
    if several is None:
        return _value(field.type)
    return {"feature": _value(several[1]), "length": int(several[2]), "_type": "List"}


def _value(dtype: str) -> dict[str, Any]:
    return {"dtype": dtype, "_type": "Value"}
