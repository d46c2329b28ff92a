"""What only people know about a data set: ``about.yaml``."""

import difflib
import re
import textwrap
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dashgaze.errors import InputError

from .manifest import StrictLoader, describe_fault, nested_model

ABOUT_NAME = "about.yaml"
ABOUT_SCHEMA: Literal["dashgaze/about/1"] = "dashgaze/about/1"

_HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


class _Model(BaseModel):
    # strict: YAML already has types; "3" for a number is a slip that the author should see
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _unanswered_is_absent(cls, content: Any) -> Any:
        """Take a key without a value for an open one: so stand most of them in the template."""
        if isinstance(content, dict):
            return {key: value for key, value in content.items() if value is not None}
        return content


class Author(_Model):
    """One of those who made the data set."""

    name: str = Field(min_length=1, description="Full name; 'Family, Given' if in doubt.")
    affiliation: str | None = Field(default=None, description="Where they work.")
    orcid: str | None = Field(default=None, description="ORCID iD: 0000-0000-0000-0000.")

    @field_validator("orcid")
    @classmethod
    def _plain_orcid(cls, value: str | None) -> str | None:
        if value is None:
            return None
        plain = value.removeprefix("https://orcid.org/")
        if not _ORCID.fullmatch(plain) or _orcid_check_digit(plain) != plain[-1]:
            raise ValueError("is no ORCID iD, such as 0000-0002-1825-0097: a digit is wrong")
        return plain


class Ethics(_Model):
    """Who reviewed the study."""

    board: str | None = Field(default=None, description="Review board that approved the study.")
    protocol_id: str | None = Field(default=None, description="Its number for the protocol.")
    impact_assessment: str | None = Field(
        default=None,
        description="Assessment of what the data may do to the drivers and to others seen in them "
        "(such as a data protection impact assessment): its result, or where it can be read.",
    )


class About(_Model):
    """Content of ``about.yaml``.

    Nothing is required: what is not answered stands as a visible gap in the data set's papers.
    """

    schema_id: Annotated[
        Literal["dashgaze/about/1"],
        Field(alias="schema", description="Name and version of this format."),
    ] = ABOUT_SCHEMA
    title: str | None = Field(default=None, description="Title of the data set.")
    summary: str | None = Field(default=None, description="What it is, in two or three sentences.")
    authors: list[Author] = Field(default_factory=list, description="Who made it.")
    contact: str | None = Field(
        default=None, description="Address that is read for as long as the data are out."
    )
    organisation: str | None = Field(default=None, description="On behalf of whom it was made.")
    licence: str = Field(
        default="CC-BY-NC-4.0", description="SPDX identifier of the licence of the labels."
    )
    licence_url: str | None = Field(
        default=None, description="Where its text is; needed where dashgaze does not know it."
    )
    homepage: str | None = Field(default=None, description="Web page of the data set.")
    doi: str | None = Field(default=None, description="DOI of this version: 10.5281/zenodo.1.")
    hub_id: str | None = Field(
        default=None, description="Where it is on the Hugging Face Hub: organisation/name."
    )
    citation: str | None = Field(
        default=None, description="How to cite it; made of authors and title if left open."
    )
    released_on: str | None = Field(
        default=None, description="Day of the release of this version, ISO 8601: 2026-05-12."
    )
    purpose: str | None = Field(
        default=None, description="What it was made for, and which gap it was to fill."
    )
    funding: str | None = Field(default=None, description="Who paid for it, with grant numbers.")
    ethics: Ethics = Field(default_factory=Ethics, description="Who reviewed the study.")
    country: str | None = Field(default=None, description="Country of the roads.")
    region: str | None = Field(
        default=None, description="City or region of the roads, as coarse as consent asks for."
    )
    recruitment: str | None = Field(default=None, description="How drivers were found and chosen.")
    collectors: str | None = Field(
        default=None,
        description="Who collected the data (students, staff, contractors), and how paid.",
    )
    compensation: str | None = Field(
        default=None, description="What the drivers got for taking part."
    )
    collection_period: str | None = Field(
        default=None, description="When the drives took place, as finely as consent allows."
    )
    instructions: str | None = Field(
        default=None, description="What drivers were told of route, task and devices."
    )
    passengers_policy: str | None = Field(
        default=None, description="How passengers were informed, and what they agreed to."
    )
    minors_policy: str | None = Field(
        default=None, description="How it is made sure that no child can be recognised."
    )
    prior_uses: list[str] = Field(
        default_factory=list, description="Papers and systems that used the data already."
    )
    uses_recommended: list[str] = Field(default_factory=list, description="What it is good for.")
    uses_discouraged: list[str] = Field(
        default_factory=list, description="What it should not be used for."
    )
    restrictions: str | None = Field(
        default=None, description="Rights of others and export rules that bear on the data, if any."
    )
    maintenance: str | None = Field(
        default=None,
        description="Who looks after it, how errors are mended, what becomes of old versions.",
    )
    retention: str | None = Field(
        default=None, description="How long data on people are kept, and what happens then."
    )
    contributing: str | None = Field(
        default=None, description="How others can add drives or labels."
    )

    @field_validator("released_on", mode="before")
    @classmethod
    def _iso_day(cls, value: Any) -> Any:
        # an unquoted day is a date to YAML; it loses nothing by becoming text again
        if type(value) is date:
            return value.isoformat()
        if isinstance(value, str):
            try:
                if date.fromisoformat(value).isoformat() == value:
                    return value
            except ValueError:
                pass
            raise ValueError("has to be a day, such as 2026-05-12")
        return value

    @field_validator("hub_id")
    @classmethod
    def _organisation_and_name(cls, value: str | None) -> str | None:
        if value is not None and not _HUB_ID.fullmatch(value):
            raise ValueError("has to be organisation/name, such as my-lab/dashgaze")
        return value

    @field_validator("doi")
    @classmethod
    def _bare_doi(cls, value: str | None) -> str | None:
        if value is None:
            return None
        bare = value.removeprefix("https://doi.org/").removeprefix("doi:")
        if not _DOI.fullmatch(bare):
            raise ValueError("has to be a DOI, such as 10.5281/zenodo.1234")
        return bare

    @field_validator("licence")
    @classmethod
    def _identifier(cls, value: str) -> str:
        if not _LICENCE.fullmatch(value):
            raise ValueError("has to be an SPDX identifier, such as CC-BY-NC-4.0")
        return value

    @field_validator("homepage", "licence_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://\S+", value):
            raise ValueError("has to be a web address, such as https://example.org")
        return value


def read_about(path: Path) -> About:
    """Read ``about.yaml``.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        If it is missing or can't be read, or has faults: all of them in one message, an unknown
        key with the nearest known one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(
            f"{path} does not exist.",
            fix=f"Give the path of the data set's {ABOUT_NAME}.",
            path=path,
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} can't be read: {getattr(error, 'strerror', None) or error}.",
            fix="A text file in UTF-8 is expected.",
            path=path,
        ) from error
    return parse_about(text, path=path)


def parse_about(text: str, *, path: Path) -> About:
    """Read the answers from YAML text; `path` is where it came from, for messages.

    Raises
    ------
    InputError
        As `read_about`.
    """
    try:
        content = yaml.load(text, Loader=StrictLoader)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{path} is not valid YAML: {reason}.", fix="Mend that line.", path=path
        ) from error
    if content is None:
        return About()
    if not isinstance(content, dict):
        raise InputError(
            f"{path} holds no keys.", fix="Write lines such as `title: My drives`.", path=path
        )
    try:
        return About.model_validate(content)
    except ValidationError as error:
        problems = [_describe(fault) for fault in error.errors()]
        count = "a fault" if len(problems) == 1 else f"{len(problems)} faults"
        raise InputError(
            f"{path} has {count}: {'; '.join(problems)}.", fix=f"Mend {path.name}.", path=path
        ) from error


def about_template() -> str:
    """Give an ``about.yaml`` to fill in: every key with its meaning, nothing answered."""
    lines = [
        "# What only people know about this data set. Leave open what you don't know: it stays a",
        "# visible gap in the card and the datasheet.",
        f"schema: {ABOUT_SCHEMA}",
    ]
    for name, info in About.model_fields.items():
        if name == "schema_id":
            continue
        lines += ["", *_comment(info.description or "")]
        if name == "authors":
            lines += ["authors:", *(f"#{line}" for line in _example_author())]
        elif name == "ethics":
            lines.append("ethics:")
            for key, part in Ethics.model_fields.items():
                lines += [*_comment(part.description or "", "  "), f"  {key}:"]
        elif name in ("prior_uses", "uses_recommended", "uses_discouraged"):
            lines += [f"{name}:", "#  - one line for each"]
        else:
            default = "" if info.default is None else f" {info.default}"
            lines.append(f"{name}:{default}")
    return "\n".join(lines) + "\n"


def _example_author() -> list[str]:
    return [
        "  - name: Family, Given",
        "    affiliation: University",
        "    orcid: 0000-0002-1825-0097",
    ]


def _comment(text: str, indent: str = "") -> list[str]:
    head = f"{indent}# "
    return textwrap.wrap(text, 98, initial_indent=head, subsequent_indent=head)


def _describe(fault: Any) -> str:
    if fault["type"] != "extra_forbidden":
        return describe_fault(fault)
    *folders, key = fault["loc"]
    model: type[BaseModel] | None = About
    for part in folders:
        if isinstance(part, int) or model is None:
            continue
        annotation = model.model_fields[part].annotation
        model = nested_model(annotation)
    known = [] if model is None else [info.alias or n for n, info in model.model_fields.items()]
    near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
    hint = f", did you mean '{near[0]}'?" if near else ""
    return f"unknown key '{'.'.join(str(part) for part in fault['loc'])}'{hint}"


def _orcid_check_digit(orcid: str) -> str:
    """Give the last character that the others ask for (ISO 7064, MOD 11-2)."""
    total = 0
    for digit in orcid.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    rest = (12 - total % 11) % 11
    return "X" if rest == 10 else str(rest)
