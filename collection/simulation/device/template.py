"""The questions that a template asks before a recording may start; served by a Neon only."""

import uuid
from typing import Any

_NAMESPACE = uuid.UUID("6b1c2a52-0f6e-4a38-9d6a-9f3ad0f9a1b4")
_MADE_AT = "2024-01-01T00:00:00.000000Z"


class UnknownFieldError(Exception):
    """An answer to a question that the template does not have."""


class TemplateForm:
    """A template of two questions, and the answers given so far."""

    def __init__(self) -> None:
        self._ids = {name: str(uuid.uuid5(_NAMESPACE, name)) for name in ("code", "notes")}
        self.data: dict[str, list[str]] = {item: [""] for item in self._ids.values()}

    @property
    def answered(self) -> bool:
        """Whether the required question has an answer."""
        return any(self.data[self._ids["code"]])

    def answer(self, answers: dict[str, list[str]]) -> None:
        """Take answers, by the question's id; lists that are not empty.

        Raises
        ------
        UnknownFieldError
            If there is no such question.
        """
        for item in answers:
            if item not in self.data:
                raise UnknownFieldError(item)
        self.data.update(answers)

    def definition(self, *, required: bool) -> dict[str, Any]:
        """Give the questions, as the device describes them."""
        titles = {"code": ("Driver's code", required), "notes": ("Notes", False)}
        return {
            "id": str(uuid.uuid5(_NAMESPACE, "template")),
            "name": "Drives",
            "description": None,
            "is_default_template": not required,
            "recording_name_format": ["%Y-%m-%d_%H:%M:%S"],
            "created_at": _MADE_AT,
            "updated_at": _MADE_AT,
            "published_at": _MADE_AT,
            "archived_at": None,
            "label_ids": [],
            "recording_ids": None,
            "items": [
                {
                    "id": self._ids[name],
                    "title": title,
                    "widget_type": "TEXT",
                    "input_type": "any",
                    "required": must,
                    "choices": None,
                    "help_text": "",
                }
                for name, (title, must) in titles.items()
            ],
        }
