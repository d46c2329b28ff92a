"""dashgaze itself, what it needs, and what can be added: versions against what was asked for."""

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from dashgaze._version import __version__

from .finding import Finding

PURPOSES = {
    "analysis": "`dashgaze analyze`, location files, detectors of your own",
    "cluster": "`dashgaze run` on dask, drives in object storage",
    "collect": "`dashgaze collect`: eye tracker, phone's page, simulated devices",
    "published": "reading data that was published as HDF5",
    "tensorboard": "`dashgaze train --tensorboard`",
    "train": "`dashgaze train`, `evaluate`, `predict`, `explain`, `compress`; faces",
    "view": "`dashgaze view`, in the Rerun viewer",
}
"""What each extra is for."""

_OF_DEVELOPERS = ("all", "dev", "docs")
_OPENCV = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)


@dataclass(frozen=True)
class _Need:
    """A package that is asked for, and what is there of it."""

    requirement: Requirement
    version: str | None

    @property
    def is_met(self) -> bool:
        return self.version is not None and self.requirement.specifier.contains(
            self.version, prereleases=True
        )

    def __str__(self) -> str:
        if self.version is None:
            return f"{self.requirement.name} is missing"
        return f"{self.requirement.name} {self.version} is not {self.requirement.specifier}"


def package_findings() -> list[Finding]:
    """Look at dashgaze, its packages, its extras, and at OpenCV, of which there must be one."""
    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    try:
        installed = metadata.distribution("dashgaze")
    except metadata.PackageNotFoundError:
        return [
            Finding(
                code="dashgaze.version",
                group="dashgaze",
                level="doubtful",
                what=f"dashgaze {__version__} is run from its source, not installed; {python}.",
                fix="Install it: pip install dashgaze, or pip install -e . in the source.",
            )
        ]
    return [
        Finding(
            code="dashgaze.version",
            group="dashgaze",
            level="good",
            what=f"dashgaze {__version__}; {python}.",
        ),
        _core(list(_needs(installed, ""))),
        _opencv(),
        *_extras(installed),
    ]


def _needs(installed: metadata.Distribution, extra: str) -> Iterator[_Need]:
    """Give what an extra asks for beyond the rest; for an empty name, what is always needed."""
    for text in installed.requires or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        marker = requirement.marker
        if marker is None:
            wanted = not extra
        else:
            wanted = marker.evaluate({"extra": extra}) and (
                not extra or not marker.evaluate({"extra": ""})
            )
        if wanted:
            yield _Need(requirement, _version_of(requirement.name))


def _version_of(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _core(needs: list[_Need]) -> Finding:
    faults = [str(need) for need in needs if not need.is_met]
    if faults:
        return Finding(
            code="dashgaze.packages",
            group="dashgaze",
            level="doubtful",
            what=f"Of the packages that dashgaze needs: {'; '.join(faults)}.",
            fix="pip install --upgrade dashgaze",
        )
    return Finding(
        code="dashgaze.packages",
        group="dashgaze",
        level="good",
        what=f"All {len(needs)} packages that dashgaze needs are there, new enough.",
    )


def _opencv() -> Finding:
    there = {name: version for name in _OPENCV if (version := _version_of(name)) is not None}
    named = ", ".join(f"{name} {version}" for name, version in there.items())
    if len(there) > 1:
        return Finding(
            code="dashgaze.opencv",
            group="dashgaze",
            level="doubtful",
            what=f"OpenCV is installed {len(there)} times, each over the others: {named}.",
            fix=f"pip uninstall -y {' '.join(there)} && pip install opencv-python-headless",
        )
    if not there:
        return Finding(
            code="dashgaze.opencv",
            group="dashgaze",
            level="doubtful",
            what="OpenCV is not installed.",
            fix="pip install opencv-python-headless",
        )
    return Finding(
        code="dashgaze.opencv", group="dashgaze", level="good", what=f"OpenCV once: {named}."
    )


def _extras(installed: metadata.Distribution) -> Iterator[Finding]:
    names = {canonicalize_name(name) for name in installed.metadata.get_all("Provides-Extra") or ()}
    for name in sorted(names - set(_OF_DEVELOPERS)):
        needs = list(_needs(installed, name))
        missing = [need for need in needs if need.version is None]
        wrong = [need for need in needs if need.version is not None and not need.is_met]
        purpose = f" ({PURPOSES[name]})" if name in PURPOSES else ""
        fix = f"pip install 'dashgaze[{name}]'"
        if wrong:
            state = "; ".join(map(str, wrong))
        elif len(missing) == len(needs):
            state = "not installed"
        elif missing:
            state = "in part: " + "; ".join(map(str, missing))
        else:
            state, fix = "installed", ""
        yield Finding(
            code=f"extras.{name}",
            group="extras",
            level="doubtful" if wrong else "note" if missing else "good",
            what=f"{name}{purpose}: {state}.",
            fix=fix,
        )
