"""The head of the card: what the Hugging Face Hub and `datasets` read."""

from typing import Any

import yaml

from .configurations import configurations
from .facts import Facts
from .licence import licence_of

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)
_LARGEST = "n>1B"


class _Dumper(yaml.SafeDumper):
    """YAML whose lists stand under their key, indented: what people would write."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists too."""
        super().increase_indent(flow, False)


def card_head(facts: Facts) -> str:
    """Give the head as YAML text, without the lines of dashes around it.

    There is no ``dataset_info``: numbers of rows in it make the library refuse filters.
    """
    content = {
        **_licence(facts),
        "pretty_name": facts.title,
        "task_categories": _tasks(facts),
        "tags": ["eye-tracking", "gaze", "driving", "driver-attention", "naturalistic-driving"],
        "size_categories": [size_category(facts.frames.frames)],
        **(_gate(facts) if facts.shows_people else {}),
        "configs": configurations(facts.manifest),
    }
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def size_category(row_count: int) -> str:
    """Give the Hub's name for a number of rows."""
    return next((name for limit, name in _SIZES if row_count < limit), _LARGEST)


def _licence(facts: Facts) -> dict[str, Any]:
    licence = licence_of(facts.about)
    if licence.hub != "other" and not facts.shows_people:
        return {"license": licence.hub}
    # Pictures of people come under an agreement that no licence on the Hub's list holds.
    name = f"{licence.spdx.lower()}-and-data-use-agreement" if facts.shows_people else licence.spdx
    return {"license": "other", "license_name": name.lower(), "license_link": "LICENSE"}


def _tasks(facts: Facts) -> list[str]:
    tasks = ["tabular-regression", "time-series-forecasting"]
    if facts.manifest.shards("images"):
        tasks.insert(0, "keypoint-detection")
    if facts.has_videos:
        tasks.append("video-classification")
    return tasks


def _gate(facts: Facts) -> dict[str, Any]:
    return {
        "extra_gated_heading": f"Agree to the data use agreement of {facts.title}",
        "extra_gated_prompt": "These data show people. Access is given by hand, to researchers who signed "
        "the agreement in DUA.md: no re-identification, no biometric identification, no "
        "redistribution, and deletion when a driver withdraws.",
        "extra_gated_fields": {
            "Full name": "text",
            "Affiliation": "text",
            "Institutional e-mail address": "text",
            "Principal investigator": "text",
            "Country": "country",
            "Purpose of use": "text",
            "I have read DUA.md, agree to it and am entitled to do so": "checkbox",
            "I will delete the data of drivers who withdraw within 14 days of notice": "checkbox",
        },
    }
