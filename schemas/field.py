"""How a table of the project is described: once, for people, parquet and JSON Schema alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pyarrow as pa

FieldType = Literal[
    "string",
    "bool",
    "int32",
    "int64",
    "float32",
    "float64",
    "float64[9]",
    "float32[36]",
    "image",
    "video",
]

# How the `datasets` library keeps a picture or a video: its bytes, or the path of a file.
_MEDIA: dict[str, Any] = {
    "type": "object",
    "properties": {"bytes": {"type": ["string", "null"]}, "path": {"type": ["string", "null"]}},
    "required": ["bytes", "path"],
    "additionalProperties": False,
}

_JSON_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "int64": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "float32": {"type": "number"},
    "float64": {"type": "number"},
    "float64[9]": {
        "type": "array",
        "items": {"type": "number"},
        "minItems": 9,
        "maxItems": 9,
    },
    "float32[36]": {
        "type": "array",
        "items": {"type": "number"},
        "minItems": 36,
        "maxItems": 36,
    },
    "image": _MEDIA,
    "video": _MEDIA,
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column.

    Attributes
    ----------
    name
        Column name, with its unit where it has one.
    type
        Storage type.
    meaning
        What a value says, in one or two sentences.
    unit
        Unit of measurement; empty for names, counts and flags.
    frame
        Frame of reference or clock that the value is expressed in; empty where none applies.
    nullable
        Whether a value may be missing. A missing value is null, never a special number.
    values
        The allowed values, where they are a closed set.
    """

    name: str
    type: FieldType
    meaning: str
    unit: str = ""
    frame: str = ""
    nullable: bool = False
    values: tuple[str, ...] = ()

    def to_json_schema(self) -> dict[str, Any]:
        """Describe the column as a JSON Schema property; unit and frame as ``x-`` keywords."""
        schema: dict[str, Any] = dict(_JSON_TYPES[self.type])
        if self.nullable:
            schema["type"] = [schema["type"], "null"]
        if self.values:
            schema["enum"] = [*self.values, None] if self.nullable else list(self.values)
        schema["description"] = self.meaning
        if self.unit:
            schema["x-unit"] = self.unit
        if self.frame:
            schema["x-frame"] = self.frame
        return schema


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: its name, version, meaning and columns in order."""

    name: str
    version: int
    meaning: str
    fields: tuple[Field, ...]

    @property
    def id(self) -> str:
        """Name and version, as written into files: ``dashgaze/frames/1``."""
        return f"dashgaze/{self.name}/{self.version}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(field.name for field in self.fields)

    def to_json_schema(self) -> dict[str, Any]:
        """Describe one row as a JSON Schema object."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": self.id,
            "title": self.name,
            "description": self.meaning,
            "type": "object",
            "properties": {field.name: field.to_json_schema() for field in self.fields},
            "required": list(self.column_names),
            "additionalProperties": False,
        }

    def to_arrow(self) -> pa.Schema:
        """Give the parquet schema, with units and meanings as field metadata."""
        import pyarrow as pa

        media = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        types: dict[str, pa.DataType] = {
            "image": media,
            "video": media,
            "string": pa.string(),
            "bool": pa.bool_(),
            "int32": pa.int32(),
            "int64": pa.int64(),
            "float32": pa.float32(),
            "float64": pa.float64(),
            # parquet gives the items this name when it reads them back
            "float64[9]": pa.list_(pa.field("element", pa.float64()), 9),
            "float32[36]": pa.list_(pa.field("element", pa.float32()), 36),
        }
        columns = []
        for field in self.fields:
            metadata = {"meaning": field.meaning}
            if field.unit:
                metadata["unit"] = field.unit
            if field.frame:
                metadata["frame"] = field.frame
            columns.append(
                pa.field(field.name, types[field.type], nullable=field.nullable, metadata=metadata)
            )
        return pa.schema(columns, metadata={"schema": self.id})
