"""A work instruction: steps with a number, in the languages of those who read them, and pictures by their digest.

Promise: each step says the same languages, so that nobody is shown half an instruction; a picture is named by the
SHA-256 of its file, so what was shown can be proved. A plan's `instruction = "WI-7 step 3"` names one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from pydantic import Field, model_validator

from gaugetrail_contract.documents.head import ForPart, Spoken
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import Hex256, Identifier


class PictureMark(Settings):
    """One `[[step.picture.mark]]`: a place on the picture."""

    x: float = Field(ge=0, le=100, description="from the left, in per cent of the picture's width")
    y: float = Field(ge=0, le=100, description="from the top, in per cent of its height")
    characteristic: Identifier | None = Field(
        None, description="what is measured there; left out: whatever is measured in the step"
    )


class Picture(Settings):
    """A picture or paper of a step; the file itself is attached to the document."""

    sha256: Hex256 = Field(description="SHA-256 of the file; attach it (document new --attach)")
    caption: Spoken = Field({}, description="what stands under it, by language")
    mark: tuple[PictureMark, ...] = Field(
        (), max_length=50, description="[[step.picture.mark]]: where to measure, drawn on the picture"
    )

    def marks_of(self, characteristic: str) -> Iterator[PictureMark]:
        """Where it is measured."""
        return (one for one in self.mark if one.characteristic in (None, characteristic))


class InstructionStep(Settings):
    """One `[[step]]`."""

    number: int = Field(ge=1, le=9999, description="its number; plans name it")
    text: Spoken = Field(
        min_length=1,
        description="what is done, by language",
        examples=[{"en": "Wipe the bore.", "de": "Bohrung reinigen."}],
    )
    characteristic: tuple[Identifier, ...] = Field((), description="characteristics that are measured in this step")
    picture: tuple[Picture, ...] = Field((), description="[[step.picture]]")


class InstructionDocument(ForPart):
    """An instruction as its file says it."""

    step: tuple[InstructionStep, ...] = Field((), description="[[step]], in order; at least one")

    @model_validator(mode="after")
    def _steps_make_sense(self) -> Self:
        if not self.step:
            raise ValueError("an instruction says what is to be done: add a [[step]]")
        numbers = [one.number for one in self.step]
        if numbers != sorted(set(numbers)):
            raise ValueError(f"the steps' numbers must rise: {', '.join(map(str, numbers))}")
        for one in self.step:
            if lacking := sorted(self.languages - one.text.keys()):
                raise ValueError(f"step {one.number} isn't there in {', '.join(lacking)}, as other steps are")
        return self

    @property
    def languages(self) -> frozenset[str]:
        """Those that it is written in."""
        return frozenset(code for one in self.step for code in one.text)

    @property
    def pictures(self) -> tuple[str, ...]:
        """The digests of all files that it shows, each once."""
        return tuple(dict.fromkeys(picture.sha256 for one in self.step for picture in one.picture))

    def numbered(self, number: int) -> InstructionStep | None:
        """The step of that number."""
        return next((one for one in self.step if one.number == number), None)

    def for_characteristic(self, name: str) -> Iterator[InstructionStep]:
        """The steps in which it is measured."""
        return (one for one in self.step if name in one.characteristic)
