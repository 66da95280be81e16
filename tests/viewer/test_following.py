"""Where the faces of the next frame are: followed where that is safe, looked for where it is not."""

from dataclasses import replace

import numpy as np
import pytest

from models.reconstruction import Alarm
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct
from viewer.following import LONGEST_GAP_S, Follower
from viewer.inspection import searched
from viewer.sources.source import Frame
from viewer.state import Found, Search, Shown

BOX = (100.0, 60.0, 180.0, 150.0)
ELSEWHERE = (220.0, 60.0, 300.0, 150.0)


def scene(seed: int = 0) -> np.ndarray:
    """A picture with large dark and light areas."""
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8), np.uint8)
    return np.repeat(np.kron(coarse, np.ones((40, 40), np.uint8))[..., None], 3, -1)


class Clip:
    """A video whose faces a test places; counts how often anybody looked."""

    def __init__(self) -> None:
        self.boxes = [BOX]
        self.looks = 0
        self.image = scene()
        self.time_s = 0.0
        self.alarms: tuple[Alarm, ...] = ()
        self.follower = Follower(self.detect, look_every=4)

    def detect(self, image):
        self.looks += 1
        return [Face(box) for box in self.boxes]

    def next(self, later_s: float = 0.04, source: int = 1) -> Shown:
        """The next frame, answered."""
        self.time_s += later_s
        frame = Frame(self.image.copy(), "clip.mp4", self.time_s)
        placed = self.follower.find(frame, source)
        method = FakeReconstructor(alarms=self.alarms)
        answers = tuple(fake_reconstruct(frame.image, placed.faces, method))
        shown = Shown(frame, placed.faces, answers, search=placed.search)
        self.follower.remember(shown, source)
        return shown


@pytest.fixture
def clip() -> Clip:
    return Clip()


def test_a_face_is_looked_for_once_and_then_followed(clip):
    assert clip.next().search == Search(Found.DETECTED)
    shown = [clip.next() for _ in range(3)]
    assert [frame.search.frames for frame in shown] == [1, 2, 3]
    assert clip.looks == 1
    assert shown[0].faces[0].box != BOX  # where its landmarks lay


def test_a_face_that_is_lost_is_looked_for_again_and_the_answer_says_so(clip):
    clip.alarms = (Alarm("empty-mask", "No face was seen."),)
    clip.next()
    shown = clip.next()
    assert clip.looks == 2
    assert shown.search == Search(Found.DETECTED, "a face was lost")
    clip.alarms = ()
    clip.next()
    assert "a face was lost" in searched(clip.next().search)


def test_a_cut_to_another_scene_is_noticed(clip):
    clip.next()
    clip.image = scene(seed=5)
    assert clip.next().search.reason == "the scene changed"
    assert clip.next().search.found is Found.FOLLOWED


def test_a_change_of_light_is_no_cut(clip):
    clip.next()
    clip.image = (clip.image * 0.6 + 30).astype(np.uint8)
    assert clip.next().search.found is Found.FOLLOWED


def test_new_faces_are_noticed_after_a_while_and_covered_ones_are_kept(clip):
    clip.next()
    clip.boxes = [ELSEWHERE]  # the first is covered: no detector would see it
    shown = [clip.next() for _ in range(4)]
    assert clip.looks == 2
    assert len(shown[-2].faces) == 1
    assert len(shown[-1].faces) == 2
    assert shown[-1].faces[1].box == ELSEWHERE


def test_while_no_face_is_there_every_frame_is_searched(clip):
    clip.boxes = []
    clip.next()
    clip.next()
    assert clip.looks == 2
    clip.boxes = [BOX]
    assert len(clip.next().faces) == 1


@pytest.mark.parametrize("later_s", [0.0, -0.5, LONGEST_GAP_S + 0.1])
def test_pictures_of_a_folder_and_jumps_in_time_are_searched(clip, later_s):
    clip.next()
    assert clip.next(later_s).search.found is Found.DETECTED
    assert clip.looks == 2


def test_nothing_is_followed_from_one_source_into_another(clip):
    clip.next(source=1)
    clip.next(source=2)
    assert clip.looks == 2


def test_how_faces_were_found_is_said_in_words():
    assert searched(None) == "–"
    assert searched(Search()) == "looked for"
    assert searched(replace(Search(), found=Found.DRAWN)) == "box drawn by hand"
    assert searched(Search(Found.FOLLOWED, "", 1)) == "followed; looked for 1 frame ago"
