"""Reading YAML in which nothing is unusual: in one go, three times as fast as looking for what is first.

Whatever is unusual is left to slower readers, which can say what it is.
"""

from collections.abc import Hashable
from functools import lru_cache
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
_TEXT, _LIST, _MAPPING = _TAG + "str", _TAG + "seq", _TAG + "map"
_SHORT = 40
"""Longer words are seldom the same as others."""
_MOST_LEVELS = 1000
"""So many calls of libyaml's composer in one another do no harm."""

_RESOLVER = yaml.resolver.Resolver()


class _UnusualError(Exception):
    """What slower readers have to see."""


class _PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # known when run
    """A safe loader that remembers what type short words are of."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """Give the tag of a node."""
        if kind is yaml.ScalarNode and len(value) <= _SHORT:
            return _word_tag(value, bool(implicit[0]))
        tag: str = super().resolve(kind, value, implicit)
        return tag


@lru_cache(maxsize=4096)
def _word_tag(value: str, plain: bool) -> str:
    tag: str = _RESOLVER.resolve(yaml.ScalarNode, value, (plain, not plain))  # type: ignore[no-untyped-call]
    return tag


def plain_yaml(text: str, *, deepest: int) -> Any:
    """Read a YAML document of lists, mappings with words as keys, and words; None if it is unusual in any way.

    It is unusual if it is not valid, has aliases, tags of its own, a key twice, merged mappings, several documents,
    nothing at all, or more levels than it may have.

    Parameters
    ----------
    text
        The document.
    deepest
        Levels of lists and mappings that it may have.
    """
    if "*" in text or _level_bound(text) > _MOST_LEVELS or not hasattr(yaml, "CSafeLoader"):
        return None
    try:
        loader = _PlainLoader(text)
        node = loader.get_single_node()
        return None if node is None else _value(loader, node, deepest)
    except (
        _UnusualError,
        yaml.YAMLError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        OverflowError,
        RecursionError,
    ):
        return None


def _level_bound(text: str) -> int:
    """Give a number of levels that a text can't exceed.

    Of two blocks in one another the inner one starts farther to the right, but for a list in a mapping; and each
    bracket opens a list or mapping, with at most one mapping of a single pair in it.
    """
    longest = max(map(len, text.split("\n")))
    return 2 * (longest + 1 + text.count("[") + text.count("{"))


def _value(loader: Any, node: yaml.Node, deepest: int) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.tag == _TEXT else loader.construct_object(node)
    if deepest == 0:
        raise _UnusualError
    if isinstance(node, yaml.SequenceNode) and node.tag == _LIST:
        return [_value(loader, each, deepest - 1) for each in node.value]
    if not isinstance(node, yaml.MappingNode) or node.tag != _MAPPING:
        raise _UnusualError
    found: dict[Hashable, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise _UnusualError
        key = _value(loader, key_node, 0)
        if key in found:
            raise _UnusualError
        found[key] = _value(loader, value_node, deepest - 1)
    return found
