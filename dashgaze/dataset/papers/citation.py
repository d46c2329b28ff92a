"""How to cite a data set: BibTeX for the card, CITATION.cff for machines."""

import re
from typing import Any

import yaml

from dashgaze.schemas.about import Author

from .facts import Facts
from .licence import licence_of
from .questions import todo
from .statements import KEYWORDS, summary


def citation_text(facts: Facts) -> str:
    """Give the citation that people gave, else one in BibTeX."""
    about = facts.about
    if about.citation:
        return about.citation.strip()
    year = about.released_on[:4] if about.released_on else todo("released_on")
    key = re.sub(r"[^A-Za-z0-9]+", "_", f"{facts.manifest.name}_{facts.manifest.version}")
    names = " and ".join(_bibtex_name(author) for author in about.authors)
    fields = {
        "title": f"{{{facts.title}}}",
        "author": names or todo("authors"),
        "year": year,
        "version": facts.manifest.version,
        "publisher": about.organisation or "",
        "doi": about.doi or "",
        "url": _url(facts),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}"])


def citation_cff(facts: Facts) -> str:
    """Give the text of CITATION.cff (Citation File Format 1.2.0)."""
    about = facts.about
    licence = licence_of(about)
    content: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use this data set, please cite it as below.",
        "type": "dataset",
        "title": facts.title,
        "version": facts.manifest.version,
        "abstract": summary(facts),
        # A file without authors is not valid: the gap stands as the name of one.
        "authors": [_cff_author(author) for author in about.authors] or [{"name": todo("authors")}],
        "keywords": list(KEYWORDS),
    }
    if licence.known:
        content["license"] = licence.spdx
    elif licence.url:
        content["license-url"] = licence.url
    if about.doi:
        content["doi"] = about.doi
    if about.homepage:
        content["url"] = about.homepage
    if about.hub_id:
        content["repository"] = hub_url(about.hub_id)
    if about.released_on:
        content["date-released"] = about.released_on
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def hub_url(hub_id: str) -> str:
    """Give the web address of a data set on the Hugging Face Hub."""
    return f"https://huggingface.co/datasets/{hub_id}"


def _url(facts: Facts) -> str:
    about = facts.about
    return about.homepage or (hub_url(about.hub_id) if about.hub_id else "")


def _split_name(name: str) -> tuple[str, str]:
    """Give family and given names: around the comma, or the last word and the others."""
    if "," in name:
        family, given = name.split(",", 1)
        return family.strip(), given.strip()
    given, _, family = name.strip().rpartition(" ")
    return family, given.strip()


def _bibtex_name(author: Author) -> str:
    family, given = _split_name(author.name)
    return f"{family}, {given}" if given else family


def _cff_author(author: Author) -> dict[str, str]:
    family, given = _split_name(author.name)
    person = {"family-names": family}
    if given:
        person["given-names"] = given
    if author.affiliation:
        person["affiliation"] = author.affiliation
    if author.orcid:
        person["orcid"] = f"https://orcid.org/{author.orcid}"
    return person
