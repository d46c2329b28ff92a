"""Pictures of faces with what was answered, only of drivers who agreed."""

import base64
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.pictures import PictureSource
from dashgaze.reports.texts import clock, number

from .answers import Answers
from .scoring import Jury
from .session_facts import SessionFacts


@dataclass(frozen=True, kw_only=True)
class ExampleFrame:
    """A face, and how far off the answer was.

    Attributes
    ----------
    title, caption, time
        In words.
    data_uri
        The picture.
    width_px, height_px
        Its size.
    """

    title: str
    caption: str
    time: str
    data_uri: str
    width_px: int
    height_px: int


def choose_examples(
    answers: Answers,
    jury: Jury,
    pictures: PictureSource | None,
    facts: SessionFacts,
    most: int,
) -> tuple[ExampleFrame, ...]:
    """Choose frames of the least, the middle and the largest error of each session.

    Sessions whose drivers did not agree to raw pictures are left out.

    Parameters
    ----------
    answers
        Of the model that is looked at.
    jury
        What is judged.
    pictures
        Of all frames.
    facts
        Who agreed.
    most
        At most so many.
    """
    if pictures is None or most < 1:
        return ()
    samples, found = jury.samples, []
    for session in samples.sessions:
        if session not in facts.raw_faces:
            continue
        rows = np.flatnonzero(jury.counted & samples.has_face & (samples.session_id == session))
        if not len(rows):
            continue
        ordered = rows[np.argsort(answers.error_px[rows], kind="stable")]
        for word, row in (
            ("least", ordered[0]),
            ("middle", ordered[len(ordered) // 2]),
            ("largest", ordered[-1]),
        ):
            picture, present = pictures.read(np.array([row], dtype=np.int64), "face")
            if not present[0]:
                continue
            found.append(_example(answers, jury, int(row), word, picture[0]))
            if len(found) == most:
                return tuple(found)
    return tuple(found)


def _example(
    answers: Answers, jury: Jury, row: int, word: str, picture: NDArray[np.uint8]
) -> ExampleFrame:
    samples = jury.samples
    done, content = cv2.imencode(".jpg", picture.transpose(1, 2, 0)[:, :, ::-1])
    if not done:
        raise RuntimeError("OpenCV could not write a JPEG")
    coded = base64.b64encode(content.tobytes()).decode("ascii")
    time = clock(float(samples.time_s[row]))
    truth, said = samples.gaze_road_px[row], answers.xy_px[row]
    return ExampleFrame(
        title=f"{samples.session_id[row]}, {word} error",
        caption=f"At {time}: gaze at {number(truth[0])}, {number(truth[1])} px; answered {number(said[0])}, "
        f"{number(said[1])} px; {number(float(answers.error_px[row]))} px off.",
        time=time,
        data_uri=f"data:image/jpeg;base64,{coded}",
        width_px=picture.shape[2],
        height_px=picture.shape[1],
    )
