"""What a sweep saw of n consecutive ego frames, as arrays that can be kept on disk and joined."""

import io
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tokenize import TokenError
from typing import Any, get_args
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from dashgaze.files import replacing

from .direct import DirectReason
from .frame_pairs import MissingReason
from .mapping import MapFrame, Mapping
from .match_samples import WIDTH
from .sweep import Direction, RowResult

MISSING: tuple[str, ...] = get_args(MissingReason)
REFUSALS: tuple[str, ...] = get_args(DirectReason)
DIRECTIONS: tuple[str, ...] = get_args(Direction)

_UPPER = np.triu_indices(8)


@dataclass(frozen=True, kw_only=True, eq=False)
class Observations:
    """Results of n rows, and m maps that were carried into some of them.

    Attributes
    ----------
    row
        The rows, ascending, shape (n,).
    missing, refusal
        Positions in `MISSING` and `REFUSALS`, shape (n,); -1 for none. Inside of the program only.
    normal_map
        Elements of the direct map, shape (n, 9); NaN without one.
    covariance
        Upper triangle of its covariance, by rows, shape (n, 36); NaN without one.
    inlier_count, match_count
        Shape (n,); 0 without a direct map.
    sigma_px, deviation_px, spread_px
        As in `RowResult`, shape (n,).
    velocity_px_s
        As in `RowResult`, shape (n, 2).
    matched_row, matched
        Matches that were kept, k of all rows together: the row of each, ascending, shape (k,), and its
        numbers, shape (k, `WIDTH`); see `kept_matches`.
    carried_row, carried_direction
        Which row each carried map is for, and its position in `DIRECTIONS`, shape (m,).
    carried_map, carried_covariance, carried_inlier_count, carried_sigma_px
        The same of carried maps.
    """

    row: NDArray[np.int64]
    missing: NDArray[np.int8]
    refusal: NDArray[np.int8]
    normal_map: NDArray[np.float64]
    covariance: NDArray[np.float64]
    inlier_count: NDArray[np.int32]
    match_count: NDArray[np.int32]
    sigma_px: NDArray[np.float64]
    deviation_px: NDArray[np.float64]
    spread_px: NDArray[np.float64]
    velocity_px_s: NDArray[np.float64]
    matched_row: NDArray[np.int64]
    matched: NDArray[np.float32]
    carried_row: NDArray[np.int64]
    carried_direction: NDArray[np.int8]
    carried_map: NDArray[np.float64]
    carried_covariance: NDArray[np.float64]
    carried_inlier_count: NDArray[np.int32]
    carried_sigma_px: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.row)

    @property
    def is_direct(self) -> NDArray[np.bool_]:
        """Which rows have a direct map, shape (n,)."""
        return np.asarray(self.inlier_count > 0)

    @classmethod
    def collect(cls, results: Sequence[RowResult]) -> "Observations":
        """Put the results of rows into arrays."""
        carried = [
            (result.row, DIRECTIONS.index(direction), fit)
            for result in results
            for direction, fit in result.carried.items()
        ]
        return cls(
            row=np.array([each.row for each in results], dtype=np.int64),
            missing=_codes((each.missing for each in results), MISSING),
            refusal=_codes((each.refusal for each in results), REFUSALS),
            normal_map=_stack([_elements(each.direct) for each in results], 9),
            covariance=_stack([_triangle(each.direct) for each in results], len(_UPPER[0])),
            inlier_count=np.array([each.inlier_count for each in results], dtype=np.int32),
            match_count=np.array([each.match_count for each in results], dtype=np.int32),
            sigma_px=np.array([each.sigma_px for each in results], dtype=np.float64),
            deviation_px=np.array([each.deviation_px for each in results], dtype=np.float64),
            spread_px=np.array([each.spread_px for each in results], dtype=np.float64),
            velocity_px_s=_stack([each.velocity_px_s for each in results], 2),
            matched_row=np.repeat(
                np.array([each.row for each in results], dtype=np.int64),
                [len(each.matches) for each in results],
            ),
            matched=np.concatenate(
                [np.zeros((0, WIDTH), np.float32), *(each.matches for each in results)]
            ),
            carried_row=np.array([row for row, _, _ in carried], dtype=np.int64),
            carried_direction=np.array([way for _, way, _ in carried], dtype=np.int8),
            carried_map=_stack([_elements(fit.mapping) for *_, fit in carried], 9),
            carried_covariance=_stack(
                [_triangle(fit.mapping) for *_, fit in carried], len(_UPPER[0])
            ),
            carried_inlier_count=np.array(
                [fit.inlier_count for *_, fit in carried], dtype=np.int32
            ),
            carried_sigma_px=np.array([fit.sigma_px for *_, fit in carried], dtype=np.float64),
        )

    @classmethod
    def join(cls, parts: Sequence["Observations"]) -> "Observations":
        """Join the results of neighbouring stretches.

        A stretch may have gone on into the next one, to close a gap: of a row that was seen twice the
        later stretch's own view counts, together with what either carried into it.
        """
        row = np.concatenate([part.row for part in parts])
        # the last of equal rows
        order = len(row) - 1 - np.unique(row[::-1], return_index=True)[1]
        carried = {
            (int(at), int(way)): (i, k)
            for i, part in reversed(list(enumerate(parts)))
            for k, (at, way) in enumerate(
                zip(part.carried_row, part.carried_direction, strict=True)
            )
        }
        chosen = [carried[key] for key in sorted(carried)]
        content = _joined_matches(parts, row, order)
        for each in fields(cls):
            if each.name.startswith("matched"):
                continue
            if each.name.startswith("carried"):
                arrays = [getattr(part, each.name) for part in parts]
                empty = arrays[0][:0]
                content[each.name] = (
                    np.array([arrays[i][k] for i, k in chosen])
                    .reshape(-1, *empty.shape[1:])
                    .astype(empty.dtype)
                )
            else:
                content[each.name] = np.concatenate([getattr(part, each.name) for part in parts])[
                    order
                ]
        return cls(**content)

    def direct_map(self, position: int, frame: MapFrame) -> Mapping | None:
        """Give the direct map of the row at a position; None without one."""
        if not self.inlier_count[position]:
            return None
        return unpack(self.normal_map[position], self.covariance[position], frame)

    def shifted(self, rows: int) -> "Observations":
        """Count rows from elsewhere."""
        return replace(
            self,
            row=self.row + rows,
            matched_row=self.matched_row + rows,
            carried_row=self.carried_row + rows,
        )

    def without(self, wrong: NDArray[np.bool_], carried_wrong: NDArray[np.bool_]) -> "Observations":
        """Drop direct maps and carried maps, marked in arrays of shape (n,) and (m,)."""
        kept = ~carried_wrong
        carried = {
            each.name: getattr(self, each.name)[kept]
            for each in fields(self)
            if each.name.startswith("carried")
        }
        gone = wrong[:, None]
        return replace(
            self,
            refusal=np.where(wrong, np.int8(REFUSALS.index("implausible")), self.refusal),
            normal_map=np.where(gone, np.nan, self.normal_map),
            covariance=np.where(gone, np.nan, self.covariance),
            inlier_count=np.where(wrong, np.int32(0), self.inlier_count),
            match_count=np.where(wrong, np.int32(0), self.match_count),
            **carried,
        )

    def with_maps(
        self,
        normal_map: NDArray[np.float64],
        covariance: NDArray[np.float64],
        carried_map: NDArray[np.float64],
        carried_covariance: NDArray[np.float64],
    ) -> "Observations":
        """Replace all maps and their covariances."""
        return replace(
            self,
            normal_map=normal_map,
            covariance=covariance,
            carried_map=carried_map,
            carried_covariance=carried_covariance,
        )

    def with_noise_factor(self, factor: float) -> "Observations":
        """Multiply all covariances by a factor."""
        return replace(
            self,
            covariance=factor * self.covariance,
            carried_covariance=factor * self.carried_covariance,
        )

    def save(self, path: Path) -> None:
        """Write the arrays, in one step.

        Raises
        ------
        OutputError
            If they can't be written.
        """
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer, **{each.name: getattr(self, each.name) for each in fields(self)}
        )
        with replacing(path) as temporary:
            temporary.write_bytes(buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> "Observations | None":
        """Read what `save` wrote; None if there is nothing that can be read."""
        try:
            packed = io.BytesIO(path.read_bytes())
            with np.load(packed, allow_pickle=False) as content:
                return cls(**{each.name: content[each.name] for each in fields(cls)})
        # a damaged archive may also seem to be encrypted or compressed in unknown ways
        except (
            *(OSError, ValueError, KeyError, EOFError, RuntimeError, SyntaxError, MemoryError),
            *(TokenError, BadZipFile, zlib.error),
        ):
            return None


def _joined_matches(
    parts: Sequence[Observations], row: NDArray[np.int64], order: NDArray[np.intp]
) -> dict[str, NDArray[Any]]:
    """Join the matches of parts, each row's from the part that has the last word on it."""
    owner = np.repeat(np.arange(len(parts)), [len(part) for part in parts])[order]
    rows, matches = [np.zeros(0, np.int64)], [np.zeros((0, WIDTH), np.float32)]
    for number, part in enumerate(parts):
        kept = np.isin(part.matched_row, row[order][owner == number])
        rows.append(part.matched_row[kept])
        matches.append(part.matched[kept])
    joined = np.concatenate(rows)
    by_row = np.argsort(joined, kind="stable")
    return {"matched_row": joined[by_row], "matched": np.concatenate(matches)[by_row]}


def unpack(
    elements: NDArray[np.float64], triangle: NDArray[np.float64], frame: MapFrame
) -> Mapping:
    """Make a map of its elements, shape (9,), and the triangle of its covariance, shape (36,)."""
    return Mapping(elements.reshape(3, 3), from_triangles(triangle[None])[0], frame)


def pack(mapping: Mapping) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the elements of a map and the triangle of its covariance; see `unpack`."""
    return mapping.normal_map.reshape(9), mapping.covariance[_UPPER]


def from_triangles(triangles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make symmetric matrices, shape (n, 8, 8), of their upper triangles by rows, shape (n, 36)."""
    full = np.zeros((len(triangles), 8, 8))
    full[:, _UPPER[0], _UPPER[1]] = triangles
    full[:, _UPPER[1], _UPPER[0]] = triangles
    return full


def to_triangles(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Do the reverse of `from_triangles`."""
    return np.asarray(matrices[:, _UPPER[0], _UPPER[1]])


def _elements(mapping: Mapping | None) -> NDArray[np.float64]:
    return np.full(9, np.nan) if mapping is None else mapping.normal_map.reshape(9)


def _triangle(mapping: Mapping | None) -> NDArray[np.float64]:
    return np.full(len(_UPPER[0]), np.nan) if mapping is None else mapping.covariance[_UPPER]


def _stack(rows: Sequence[NDArray[np.float64]], width: int) -> NDArray[np.float64]:
    return np.array(rows, dtype=np.float64).reshape(-1, width)


def _codes(names: Iterable[str | None], known: tuple[str, ...]) -> NDArray[np.int8]:
    return np.array([-1 if name is None else known.index(name) for name in names], dtype=np.int8)
