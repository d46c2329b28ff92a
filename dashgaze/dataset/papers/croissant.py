"""Croissant 1.1 with the fields of responsible AI: croissant.json.

Written by hand rather than with a library: it is JSON, and `mlcroissant` reads it in the tests.
"""

import json
from pathlib import Path
from typing import Any

from dashgaze.schemas.about import Author

from . import statements
from .citation import citation_text, hub_url
from .croissant_tables import distribution, record_sets
from .facts import Facts
from .licence import licence_of
from .questions import answer
from .wording import listed, sentence

_CROISSANT = "http://mlcommons.org/croissant/1.1"
_RAI = "http://mlcommons.org/croissant/RAI/1.0"

_AGREEMENT = "Pictures and videos: data use agreement, see DUA.md"

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{
        name: f"cr:{name}"
        for name in (
            "arrayShape",
            "citeAs",
            "column",
            "containedIn",
            "equivalentProperty",
            "extract",
            "field",
            "fileObject",
            "fileProperty",
            "fileSet",
            "format",
            "includes",
            "isArray",
            "isLiveDataset",
            "jsonPath",
            "key",
            "md5",
            "parentField",
            "path",
            "recordSet",
            "references",
            "regex",
            "repeated",
            "replace",
            "samplingRate",
            "separator",
            "source",
            "subField",
            "transform",
        )
    },
}


def write_croissant(folder: Path, facts: Facts) -> str:
    """Give the text of croissant.json.

    Parameters
    ----------
    folder
        The data set's folder, where the columns of the table of videos are read.
    facts
        What is counted and told.
    """
    manifest, about = facts.manifest, facts.about
    content: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [_CROISSANT, _RAI],
        "name": facts.title,
        "description": statements.summary(facts),
        "version": manifest.version,
        "license": _licences(facts),
        "citeAs": citation_text(facts),
        "keywords": list(statements.KEYWORDS),
        "creator": [_person(author) for author in about.authors] or None,
        "publisher": _organization(about.organisation) if about.organisation else None,
        "datePublished": about.released_on,
        "url": about.homepage or (hub_url(about.hub_id) if about.hub_id else None),
        "sameAs": f"https://doi.org/{about.doi}" if about.doi else None,
        **_responsible_ai(facts),
        "distribution": distribution(manifest),
        "recordSet": record_sets(folder, manifest),
    }
    known = {key: value for key, value in content.items() if value is not None}
    return json.dumps(known, indent=2, ensure_ascii=False) + "\n"


def _licences(facts: Facts) -> list[str]:
    licence = licence_of(facts.about)
    labels = licence.url or licence.spdx
    return [labels, _AGREEMENT] if facts.shows_people else [labels]


def _responsible_ai(facts: Facts) -> dict[str, Any]:
    about = facts.about
    return {
        "rai:dataCollection": statements.collection(facts)
        + f" Drivers: {sentence(answer(about, 'recruitment'))}",
        "rai:dataCollectionType": ["Direct measurement", "Physical data collection"],
        "rai:dataCollectionTimeframe": answer(about, "collection_period"),
        "rai:dataCollectionMissingData": statements.missing(facts),
        "rai:dataCollectionRawData": "Recordings of eye tracker and phone; they stay with those who "
        "made the data set.",
        "rai:dataPreprocessingProtocol": statements.preprocessing(facts),
        "rai:dataManipulationProtocol": "Recordings are never modified. "
        + " ".join(statements.pictures(facts)),
        "rai:dataImputationProtocol": "Nothing is imputed: what is missing is null. Maps to the road view "
        "may be propagated from neighbouring frames; homography_source says so in every row.",
        "rai:dataAnnotationProtocol": [
            "All labels are measured or computed; none was made by hand."
        ],
        "rai:dataAnnotationPlatform": ["None: labels are made by software."],
        "rai:dataAnnotationAnalysis": [
            (
                "Labels carry their own error: spread of samples, covariance in the road view, standard "
                "error of the clocks."
            )
        ],
        "rai:annotationsPerItem": "One.",
        "rai:annotatorDemographics": ["No human annotators."],
        "rai:machineAnnotationTools": [
            f"{name} {version}" for name, version in sorted(facts.manifest.versions.items())
        ],
        "rai:dataUseCases": [sentence(text) for text in statements.uses(facts)],
        "rai:dataLimitations": [
            *statements.limitations(facts),
            f"Not for: {listed(statements.misuses(facts))}.",
        ],
        "rai:dataBiases": statements.biases(facts),
        "rai:dataSocialImpact": statements.social_impact(facts),
        "rai:personalSensitiveInformation": statements.sensitive(facts),
        "rai:dataReleaseMaintenancePlan": f"{sentence(answer(about, 'maintenance'))} "
        f"{statements.withdrawal(facts)}",
    }


def _person(author: Author) -> dict[str, Any]:
    person: dict[str, Any] = {"@type": "sc:Person", "name": author.name}
    if author.affiliation:
        person["affiliation"] = _organization(author.affiliation)
    if author.orcid:
        person["url"] = f"https://orcid.org/{author.orcid}"
    return person


def _organization(name: str) -> dict[str, str]:
    return {"@type": "sc:Organization", "name": name}
