"""The exported JSON Schemas: in step with the code, complete, and right about good and bad."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from dashgaze.schemas.export import TABLES, json_schemas, write_json_schemas
from dashgaze.schemas.manifest import dump_manifest, parse_manifest

FOLDER = Path(__file__).resolve().parents[2] / "schemas"
FIELDS = [(table, field) for table in TABLES for field in table.fields]
UNITS = {"ns", "ms", "s", "px", "px2", "deg", "g", "ppm", "m", "Hz"}
UNIT_OF_ENDING = {"px2": "px²", "deg_s": "deg/s", "m_s": "m/s"}


@pytest.mark.parametrize("name", sorted(json_schemas()))
def test_files_are_in_step(name):
    stored = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert stored == json_schemas()[name], "run scripts/export_schemas"


def test_no_file_is_left_over():
    assert {path.name for path in FOLDER.glob("*.json")} == set(json_schemas())


def test_they_are_written_as_they_are_stored(tmp_path):
    for path in write_json_schemas(tmp_path):
        assert path.read_bytes() == (FOLDER / path.name).read_bytes()


@pytest.mark.parametrize("name", sorted(json_schemas()))
def test_they_are_valid_schemas(name):
    jsonschema.Draft202012Validator.check_schema(json_schemas()[name])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_columns_are_unique(table):
    assert len(set(table.column_names)) == len(table.fields)


@pytest.mark.parametrize(
    ("table", "field"), FIELDS, ids=[f"{table.name}.{field.name}" for table, field in FIELDS]
)
class TestField:
    def test_has_a_meaning(self, table, field):
        assert field.meaning.endswith(".")
        assert len(field.meaning) >= 10

    def test_has_the_unit_that_its_name_says(self, table, field):
        for ending, unit in UNIT_OF_ENDING.items():
            if field.name.endswith(f"_{ending}"):
                assert field.unit == unit
                return
        ending = field.name.rsplit("_", 1)[-1]
        if ending in UNITS:
            assert field.unit == ending
        elif field.name != "recorded_at":
            assert field.unit == ""

    def test_reaches_the_schema_and_parquet(self, table, field):
        schema = table.to_json_schema()["properties"][field.name]
        assert schema["description"] == field.meaning
        assert schema.get("x-unit", "") == field.unit
        column = table.to_arrow().field(field.name)
        assert column.nullable == field.nullable
        assert column.metadata.get(b"unit", b"").decode() == field.unit

    def test_allows_null_if_and_only_if_nullable(self, table, field):
        validator = jsonschema.Draft202012Validator(
            table.to_json_schema()["properties"][field.name]
        )
        assert validator.is_valid(None) == field.nullable


GOOD = {
    "schema": "dashgaze/session/1",
    "session_id": "s01",
    "driver_id": "D01",
    "recorded_at": "2026-05-12T09:30:00+02:00",
    "car": "VW Golf",
    "camera_position": "under_mirror",
    "weather": "clear",
    "lighting": "day",
    "eyewear": "none",
    "passengers": 1,
    "consent": {"version": "1.0", "scope": "raw"},
    "phone": {
        "model": "Pixel 7",
        "road": "phone/road.mp4",
        "driver": "phone/driver.mp4",
        "location": "phone/location.csv",
        "started_at_ns": 1778571000000000000,
        "driver_offset_s": 0.25,
        "intrinsics": {
            "width_px": 1280,
            "height_px": 720,
            "matrix": [[900.0, 0.0, 640.0], [0.0, 900.0, 360.0], [0.0, 0.0, 1.0]],
            "distortion": [0.1, -0.2, 0.0, 0.0],
        },
    },
    "eye_tracker": {"kind": "neon", "path": "eye_tracker"},
}
BAD = {
    "unknown key": {"wether": "clear"},
    "unknown key further in": {"eye_tracker": {"kind": "neon", "path": "x", "serial": "1"}},
    "value outside of the set": {"lighting": "noon"},
    "wrong type": {"passengers": "one"},
    "negative count": {"passengers": -1},
    "another schema": {"schema": "dashgaze/session/2"},
    "half a consent": {"consent": {"version": "1.0"}},
    "missing part": {"phone": {"driver": "phone/driver.mp4"}},
}


@pytest.fixture
def validator():
    return jsonschema.Draft202012Validator(json_schemas()["session_v1.schema.json"])


class TestManifestSchema:
    def test_takes_a_full_manifest(self, validator):
        validator.validate(GOOD)

    @pytest.mark.parametrize("key", ["schema", "session_id", "phone", "eye_tracker"])
    def test_needs_what_the_reader_needs(self, validator, key):
        without = {name: value for name, value in GOOD.items() if name != key}
        assert not validator.is_valid(without)

    @pytest.mark.parametrize("change", BAD.values(), ids=BAD.keys())
    def test_refuses_what_the_reader_refuses(self, validator, change):
        from dashgaze.errors import ManifestError

        content = GOOD | change
        assert not validator.is_valid(content)
        with pytest.raises(ManifestError):
            parse_manifest(json.dumps(content), path=Path("session.yaml"))

    def test_what_is_written_is_valid_and_reads_back(self, validator):
        import yaml

        manifest = parse_manifest(json.dumps(GOOD), path=Path("session.yaml"))
        text = dump_manifest(manifest)
        validator.validate(yaml.safe_load(text))
        assert parse_manifest(text, path=Path("session.yaml")) == manifest

    def test_every_property_has_a_description(self):
        def walk(schema, where):
            for name, part in schema.get("properties", {}).items():
                assert part.get("description") or "$ref" in json.dumps(part), f"{where}.{name}"
            for name, part in schema.get("$defs", {}).items():
                walk(part, name)

        for schema in json_schemas().values():
            walk(schema, schema["$id"])

    def test_quantities_have_the_unit_that_their_name_says(self):
        def walk(schema):
            for name, part in schema.get("properties", {}).items():
                match = re.search(r"_(ns|s|ms|px|ppm)$", name)
                if match:
                    assert part["x-unit"] == match[1], name
            for part in schema.get("$defs", {}).values():
                walk(part)

        for name in ("session_v1.schema.json", "time_map_v1.schema.json"):
            walk(json_schemas()[name])
