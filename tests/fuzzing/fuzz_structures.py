"""Damage inside of JSON and YAML: values of another type, keys that are gone, numbers that can't be."""

import json
import math
import random
from typing import Any

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 10**400, 0.5, -0.0),
    *(1e308, math.nan, math.inf, -math.inf, "", "0", "nan", "\ud800", "\x00", "é", "a" * 3000),
    *([], {}, [[]], [None], {"": None}, [0] * 2000, "2026-05-12T09:30:00", "/etc/passwd", "../x"),
)


def change_json(content: bytes, rng: random.Random) -> bytes | None:
    """Change a JSON document, or one line of a file of them; None if it is none."""
    try:
        lines = content.split(b"\n")
        whole = len(lines) < 2 or not lines[0].rstrip().endswith(b"}")
        at = 0 if whole else rng.randrange(len(lines))
        document = json.loads(content if whole else lines[at])
    except (ValueError, RecursionError):
        return None
    text = _dumped(change_document(document, rng), rng)
    if whole:
        return text
    return b"\n".join([*lines[:at], text, *lines[at + 1 :]])


def _dumped(document: Any, rng: random.Random) -> bytes:
    text = json.dumps(document, indent=rng.choice((None, 2)), ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.05:
        text = text.replace("{", '{"schema": 0, "schema": 1, ', 1)  # a key that stands twice
    return text.encode("utf-8", errors="surrogatepass")


def change_yaml(content: bytes, rng: random.Random) -> bytes | None:
    """Change a YAML document; None if it is none."""
    import yaml

    try:
        document = yaml.safe_load(content)
        changed = change_document(document, rng)
        text = yaml.safe_dump(changed, allow_unicode=rng.random() < 0.5, sort_keys=False)
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    if rng.random() < 0.15:
        word = rng.choice(
            (
                "!!python/object:os.system x",
                "!!binary x",
                "!!set {a}",
                "!!timestamp x",
                "2026-13-45",
                ".inf",
            )
        )
        text = text.replace(": ", f": {word} ", 1)
    return text.encode("utf-8", errors="surrogatepass")


def change_document(document: Any, rng: random.Random) -> Any:
    """Change one or two places of a tree of lists and mappings."""
    for _ in range(rng.choice((1, 1, 2))):
        document = _changed(document, rng, depth=0)
    return document


def _changed(node: Any, rng: random.Random, *, depth: int) -> Any:
    if not isinstance(node, dict | list) or not node or (depth and rng.random() < 0.25):
        return _other_value(node, rng)
    if isinstance(node, dict):
        key = rng.choice(list(node))
        inside = rng.random() < 0.6
        if inside:
            return node | {key: _changed(node[key], rng, depth=depth + 1)}
        kept = {name: value for name, value in node.items() if name != key}
        match rng.randrange(4):
            case 0:
                return kept
            case 1:
                return kept | {rng.choice(("", "x", f"{key} ", str(key).upper())): node[key]}
            case 2:
                return node | {rng.choice(("x", "schema", "")): rng.choice(VALUES)}
            case _:
                return node | {key: _other_value(node[key], rng)}
    at = rng.randrange(len(node))
    match rng.randrange(5):
        case 0:
            return node[:at] + node[at + 1 :]
        case 1:
            return [*node, node[at]]
        case 2:
            return [*node[:at], _other_value(node[at], rng), *node[at + 1 :]]
        case _:
            return [*node[:at], _changed(node[at], rng, depth=depth + 1), *node[at + 1 :]]


def _other_value(value: Any, rng: random.Random) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.4:
        try:
            return rng.choice(
                (-value, value * 2**40, value / 3, value + 1, float(value), str(value))
            )
        except OverflowError:
            return 0
    if rng.random() < 0.1:
        return [value]
    if rng.random() < 0.05:
        return {"value": value}
    return rng.choice(VALUES)
