"""Damage to the bytes of a file: as cards, transfers, editors, other software and malice do it.

The same seed gives the same damage. Text, JSON, YAML and Parquet are also changed inside their structure, since
noise alone seldom gets past a parser's first look.
"""

import random
import re
from collections.abc import Callable, Sequence

from fuzz_structures import change_json, change_yaml
from fuzz_tables import change_parquet

NUMBERS = (
    *("0", "-1", "1", "nan", "inf", "-inf", "1e999", "-1e308", "1e-320", "9" * 25, "-" + "9" * 400),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "4294967296", "65536"),
    *(
        "1e30",
        "0x10",
        "1_000",
        "٣",
        "²",
        "1,5",
        "",
        " ",
        "true",
        "None",
        "null",
        "+",
        "-",
        ".",
        "1e",
    ),
)
WORDS = (
    *("", " ", "\x00", "�", "\ud800", "'", '"', '"""', "\\", "{}", "[]", "{{", "../..", "/"),
    *("é", "e\u0301", "𝒳", "\u202e", "\ufeff", "a" * 5000, "%s%n", "=1+1", "~", "null", "\r", "\n"),
    *("2026-02-30T25:61:61Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "NaN"),
)
INTEGERS = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    2**63,
    2**64 - 1,
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(r"[A-Za-z_][\w.]*")
_BOXES = (
    *(
        b"moov",
        b"mvhd",
        b"trak",
        b"tkhd",
        b"edts",
        b"elst",
        b"mdhd",
        b"hdlr",
        b"stsd",
        b"stts",
        b"ctts",
    ),
    *(
        b"stss",
        b"stsc",
        b"stsz",
        b"stco",
        b"co64",
        b"avcC",
        b"esds",
        b"mdat",
        b"ftyp",
        b"moof",
        b"trun",
    ),
    *(
        b"fmt ",
        b"data",
        b"RIFF",
        b"\x1a\x45\xdf\xa3",
        b"\x1f\x43\xb6\x75",
        b"PK\x01\x02",
        b"PK\x05\x06",
    ),
)
Mutation = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def mutate(content: bytes, name: str, rng: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """Damage the content of a file.

    Parameters
    ----------
    content
        What is in it.
    name
        Its name; the ending says what structure it has.
    rng
        Decides on everything.
    others
        Content of other files, to be mixed in.
    """
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        content = rng.choice(_choices(content, name))(content, rng, others)
        if len(content) > 32 << 20:
            content = content[: 32 << 20]
    return content


def _choices(content: bytes, name: str) -> Sequence[Mutation]:
    ending = name.rpartition(".")[2].lower()
    if ending == "parquet":
        return (*[_parquet] * 7, *_BYTES)
    if ending in ("json", "jsonl"):
        return (*[_json] * 6, *_TEXT, _flip, _truncate)
    if ending in ("yaml", "yml", "cff"):
        return (*[_yaml] * 4, *_TEXT, *_TEXT, _flip)
    if ending in ("mp4", "mkv", "webm", "wav", "zip", "m4a"):
        return (*[_near_marks] * 8, *_BYTES)
    if _is_text(content):
        return (*_TEXT, *_TEXT, _flip, _truncate, _insert, _splice)
    return _BYTES


def _json(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    changed = change_json(content, rng)
    return _tokens(content, rng, others) if changed is None else changed


def _yaml(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    changed = change_yaml(content, rng)
    return _tokens(content, rng, others) if changed is None else changed


def _parquet(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    changed = change_parquet(content, rng)
    return rng.choice(_BYTES)(content, rng, others) if changed is None else changed


def _is_text(content: bytes) -> bool:
    head = content[:2000]
    return bool(head) and sum(32 <= byte < 127 or byte in b"\r\n\t" for byte in head) > 0.85 * len(
        head
    )


def _span(content: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(content) + 1)
    return start, min(len(content), start + rng.choice((1, 2, 4, 8, 16, 64, 300, 5000)))


def _flip(content: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8, 40))):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _truncate(content: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    return content[
        : rng.choice(
            (0, 1, len(content) // 2, max(0, len(content) - 1), rng.randrange(len(content) + 1))
        )
    ]


def _delete(content: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(content, rng)
    return content[:start] + content[end:]


def _double(content: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(content, rng)
    return content[:end] + content[start:end] * rng.choice((1, 1, 3, 50)) + content[end:]


def _insert(content: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    start = rng.randrange(len(content) + 1)
    return content[:start] + rng.randbytes(rng.choice((1, 3, 20, 200))) + content[start:]


def _blank(content: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(content, rng)
    return content[:start] + rng.choice((b"\x00", b"\xff")) * (end - start) + content[end:]


def _number(content: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    return _number_at(content, rng.randrange(len(content) + 1), rng)


def _number_at(content: bytes, start: int, rng: random.Random) -> bytes:
    width = rng.choice((1, 2, 4, 4, 8))
    value = rng.choice(INTEGERS) & ((1 << 8 * width) - 1)
    if rng.random() < 0.3:
        value = rng.randrange(1 << 8 * width)
    packed = value.to_bytes(width, rng.choice(("little", "big")))
    return content[:start] + packed + content[start + width :]


def _splice(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    if not others:
        return _double(content, rng, others)
    other = rng.choice(others)
    return content[: rng.randrange(len(content) + 1)] + other[rng.randrange(len(other) + 1) :]


def _replace(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    return rng.choice((*others, b"", rng.randbytes(rng.choice((1, 40, 1000))), content * 2))


def _near_marks(content: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Change a number near a mark of a container: there stand lengths, counts and scales."""
    places = [content.find(mark) for mark in _BOXES if mark in content]
    if not places or rng.random() < 0.1:
        return _number(content, rng, others)
    place = rng.choice(places)
    for _ in range(rng.randrange(3)):
        place = max(place, content.find(content[place : place + 4], place + 1))
    return _number_at(content, max(0, place + rng.randrange(-8, 64)), rng)


_BYTES: tuple[Mutation, ...] = (
    *(
        _flip,
        _flip,
        _truncate,
        _delete,
        _double,
        _insert,
        _blank,
        _number,
        _number,
        _splice,
        _replace,
    ),
)


def _lines(content: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    lines = content.split(b"\n")
    at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(6):
        case 0:
            del lines[at]
        case 1:
            lines.insert(to, lines[at])
        case 2:
            lines[at], lines[to] = lines[to], lines[at]
        case 3:
            lines = lines[:1] + lines[:0:-1]
        case 4:
            lines = [*lines[:at], *[lines[at]] * 300, *lines[at:]]
        case _:
            lines = lines[at : at + 1] if rng.random() < 0.5 else lines[:at]
    return b"\n".join(lines)


def _tokens(content: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    text = content.decode("utf-8", errors="surrogateescape")
    numeric = rng.random() < 0.7
    found = list((_NUMBER if numeric else _WORD).finditer(text))
    if not found:
        return content
    for match in sorted(
        rng.sample(found, min(len(found), rng.choice((1, 1, 2, 5)))), key=lambda m: -m.start()
    ):
        word = rng.choice(NUMBERS if rng.random() < 0.7 else WORDS)
        text = text[: match.start()] + word + text[match.end() :]
    return _encoded(text)


def _column(content: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    """Change one cell of a table, or one column in all rows."""
    text = content.decode("utf-8", errors="surrogateescape")
    sign = max(",;\t", key=text.count)
    rows = [line.split(sign) for line in text.split("\n")]
    at = rng.randrange(len(rows[0]))
    word = rng.choice(NUMBERS + WORDS[:12])
    what = rng.randrange(4)
    for row in rows[rng.randrange(2) :] if what else [rng.choice(rows)]:
        if at < len(row):
            if what == 1:
                del row[at]
            elif what == 2:
                row.insert(at, word)
            else:
                row[at] = word
    return _encoded("\n".join(sign.join(row) for row in rows))


def _coding(content: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    text = content.decode("utf-8", errors="replace")
    way = rng.randrange(6)
    if way == 0:
        return text.encode("utf-16")
    if way == 1:
        return b"\xef\xbb\xbf" * rng.choice((1, 2)) + content
    if way == 2:
        return text.replace("e", "é").encode("latin-1", errors="replace")
    if way == 3:
        return content.replace(
            b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b"", b"\x0b", b"\xe2\x80\xa8"))
        )
    if way == 4:
        return content.replace(b",", rng.choice((b";", b"\t", b",,", b" ,", b'","')))
    return text.encode("utf-32")


def _deep(content: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    sign = rng.choice((b"[", b'{"a":', b"<a>", b"(", b"- ", b"'", b'"', b"&a *a ", b"? "))
    start = rng.choice((0, 0, rng.randrange(len(content) + 1)))
    return content[:start] + sign * rng.choice((3, 200, 3000, 100_000)) + content[start:]


_TEXT: tuple[Mutation, ...] = (
    _lines,
    _lines,
    _tokens,
    _tokens,
    _tokens,
    _column,
    _column,
    _coding,
    _deep,
    _splice,
)


def _encoded(text: str) -> bytes:
    return (
        text.encode("utf-8", errors="surrogatepass")
        if "\ud800" in text
        else text.encode("utf-8", "surrogateescape")
    )
