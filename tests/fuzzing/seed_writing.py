"""What all seeds share: where things lie, and how small files are written."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"
START_NS = 1_778_571_000_000_000_000
KEY = "0123456789abcdef0123456789abcdef"


def put_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n")


def put_lines(path: Path, entries: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(each) + "\n" for each in entries))
