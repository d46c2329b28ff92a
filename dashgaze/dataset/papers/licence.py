"""Licences that data are published under."""

from dataclasses import dataclass

from dashgaze.schemas.about import About


@dataclass(frozen=True, kw_only=True)
class Licence:
    """A licence.

    Attributes
    ----------
    spdx
        Its SPDX identifier.
    name
        Its full name.
    url
        Where its text is; None if nobody said.
    hub
        What the Hugging Face Hub calls it.
    terms
        What it asks for, in one sentence; no substitute for its text.
    known
        Whether it is one of those that this module knows.
    """

    spdx: str
    name: str
    url: str | None
    hub: str
    terms: str
    known: bool = True


_BY = "You may share and change the data if you give credit and say what you changed"
_CREATIVE_COMMONS = {
    "BY": ("Attribution", f"{_BY}."),
    "BY-SA": (
        "Attribution-ShareAlike",
        f"{_BY}, and pass on what you made of them under the same licence.",
    ),
    "BY-NC": ("Attribution-NonCommercial", f"{_BY}, and not for commercial purposes."),
    "BY-NC-SA": (
        "Attribution-NonCommercial-ShareAlike",
        f"{_BY}, not for commercial purposes, and under the same licence.",
    ),
    "BY-NC-ND": (
        "Attribution-NonCommercial-NoDerivatives",
        "You may share the data unchanged if you give credit, and not for commercial purposes.",
    ),
}

_KNOWN = {
    licence.spdx.lower(): licence
    for licence in (
        *(
            Licence(
                spdx=f"CC-{parts}-4.0",
                name=f"Creative Commons {name} 4.0 International",
                url=f"https://creativecommons.org/licenses/{parts.lower()}/4.0/legalcode",
                hub=f"cc-{parts.lower()}-4.0",
                terms=terms,
            )
            for parts, (name, terms) in _CREATIVE_COMMONS.items()
        ),
        Licence(
            spdx="CC0-1.0",
            name="Creative Commons Zero 1.0 Universal",
            url="https://creativecommons.org/publicdomain/zero/1.0/legalcode",
            hub="cc0-1.0",
            terms="Rights are waived as far as the law allows.",
        ),
        Licence(
            spdx="ODbL-1.0",
            name="Open Data Commons Open Database License 1.0",
            url="https://opendatacommons.org/licenses/odbl/1-0/",
            hub="odbl",
            terms="Share and change the data with credit; publish changed ones under the same licence.",
        ),
        Licence(
            spdx="CDLA-Permissive-2.0",
            name="Community Data License Agreement – Permissive 2.0",
            url="https://cdla.dev/permissive-2-0/",
            hub="cdla-permissive-2.0",
            terms="Use, change and share the data; pass on the agreement's text with them.",
        ),
    )
}


def licence_of(about: About) -> Licence:
    """Give the licence of the labels."""
    known = _KNOWN.get(about.licence.lower())
    if known is not None:
        return known
    return Licence(
        spdx=about.licence,
        name=about.licence,
        url=about.licence_url,
        hub="other",
        terms="See its text.",
        known=False,
    )
