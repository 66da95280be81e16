"""Where the faces of the next frame are: followed where that is safe, looked for where it is not."""

from dataclasses import replace

import numpy as np
import pytest

from models.reconstruction import Alarm
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct
from viewer.inference.tracker import LONGEST_GAP_S, Placed, Tracker
from viewer.readouts.answer import face_names, same_face, searched
from viewer.sources.source import Frame
from viewer.state.shown import FoundBy, Search, Shown

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
        self.index = 0
        self.steady = True
        self.alarms: tuple[Alarm, ...] = ()
        self.tracker = Tracker(self.detect, look_every=4)

    def detect(self, image):
        self.looks += 1
        return [Face(box) for box in self.boxes]

    def next(self, later_s: float = 0.04, source: int = 1) -> Shown:
        """The next frame, answered."""
        self.time_s += later_s
        self.index += 1
        frame = Frame(self.image.copy(), "clip.mp4", self.time_s, self.index, 100)
        placed = self.tracker.find(frame, source)
        method = FakeReconstructor(alarms=self.alarms)
        told = fake_reconstruct(frame.image, placed.faces, method)
        faces, answers = self.tracker.settle(frame, source, placed, told, self.steady)
        shown = Shown(frame, faces, answers, search=placed.search)
        self.tracker.remember(shown, source)
        return shown


@pytest.fixture
def clip() -> Clip:
    return Clip()


def test_a_face_is_looked_for_once_and_then_followed(clip):
    assert clip.next().search == Search(FoundBy.DETECTED)
    shown = [clip.next() for _ in range(3)]
    assert [frame.search.frames for frame in shown] == [1, 2, 3]
    assert clip.looks == 1
    assert shown[0].faces[0].box != BOX  # where its landmarks lay


def test_a_face_that_is_lost_is_looked_for_again_and_the_answer_says_so(clip):
    clip.alarms = (Alarm("empty-mask", "No face was seen."),)
    clip.next()
    shown = clip.next()
    assert clip.looks == 2
    assert shown.search == Search(FoundBy.DETECTED, "a face was lost")
    clip.alarms = ()
    clip.next()
    assert "a face was lost" in searched(clip.next().search)


def test_a_cut_to_another_scene_is_noticed(clip):
    clip.next()
    clip.image = scene(seed=5)
    assert clip.next().search.reason == "the scene changed"
    assert clip.next().search.found is FoundBy.FOLLOWED


def test_a_change_of_light_is_no_cut(clip):
    clip.next()
    clip.image = (clip.image * 0.6 + 30).astype(np.uint8)
    assert clip.next().search.found is FoundBy.FOLLOWED


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
    assert clip.next(later_s).search.found is FoundBy.DETECTED
    assert clip.looks == 2


def test_nothing_is_followed_from_one_source_into_another(clip):
    clip.next(source=1)
    clip.next(source=2)
    assert clip.looks == 2


def test_how_faces_were_found_is_said_in_words():
    assert searched(None) == "–"
    assert searched(Search()) == "looked for"
    assert searched(replace(Search(), found=FoundBy.DRAWN)) == "box drawn by hand"
    assert searched(Search(FoundBy.FOLLOWED, "", 1)) == "followed; looked for 1 frame ago"


def numbers(shown: Shown) -> list[int | None]:
    return [face.identity for face in shown.faces]


def test_faces_keep_their_numbers_and_a_newcomer_gets_a_new_one(clip):
    assert numbers(clip.next()) == [1]
    clip.boxes = [ELSEWHERE, BOX]
    shown = [clip.next() for _ in range(4)][-1]
    assert numbers(shown) == [1, 2]
    assert shown.faces[1].box == ELSEWHERE


def test_after_a_cut_faces_are_others_and_in_another_source_they_count_from_one(clip):
    clip.next()
    clip.image = scene(seed=5)
    assert numbers(clip.next()) == [2]
    assert numbers(clip.next(source=2)) == [1]


def test_two_answers_about_one_face_of_a_video_become_one(clip):
    clip.boxes = [BOX, ELSEWHERE]
    assert numbers(clip.next()) == [1, 2]
    find = clip.tracker.find
    found = Placed((Face(BOX), Face((102.0, 61.0, 182.0, 151.0))), Search(FoundBy.FOLLOWED))
    clip.tracker.find = lambda *_: found
    assert numbers(clip.next()) == [1]
    clip.tracker.find = find
    shown = clip.next()
    assert shown.search.reason == "a face was lost"
    assert numbers(shown) == [1, 2]


def test_a_lost_face_is_looked_for_now_and_then_until_it_is_forgotten(clip):
    clip.tracker = Tracker(clip.detect, look_every=1000)
    clip.boxes = [BOX, ELSEWHERE]
    clip.next()
    both = clip.tracker.find
    clip.tracker.find = lambda *_: Placed((Face(BOX),), Search(FoundBy.FOLLOWED))  # the other is hidden
    clip.next()
    clip.tracker.find, clip.boxes = both, [BOX]
    away = [clip.next() for _ in range(45)]
    looked = [i for i, shown in enumerate(away) if shown.search.found is FoundBy.DETECTED]
    assert looked == [4, 9, 14, 19, 24, 29, 34]
    assert away[looked[0]].search.reason == "a face stays away"


def test_a_face_found_again_soon_has_the_number_it_had(clip):
    clip.boxes = [BOX, ELSEWHERE]
    clip.next()
    both = clip.tracker.find
    clip.tracker.find = lambda *_: Placed((Face(BOX),), Search(FoundBy.FOLLOWED))
    clip.next()
    clip.tracker.find = both
    assert numbers([clip.next() for _ in range(5)][-1]) == [1, 2]


def test_answers_about_a_video_are_steadied_unless_one_does_not_want_it(clip):
    assert not clip.next().answers[0].steadied
    assert clip.next().answers[0].steadied
    clip.steady = False
    assert not clip.next().answers[0].steadied


def test_the_same_frame_asked_about_again_gives_the_same_answer(clip):
    clip.next()
    shown = clip.next()
    method = FakeReconstructor()
    again = fake_reconstruct(shown.frame.image, shown.faces, method)
    placed = Placed(shown.faces, Search(FoundBy.DRAWN))
    faces, (answer,) = clip.tracker.settle(shown.frame, 1, placed, again, True)
    assert faces == shown.faces
    assert answer.vertices == pytest.approx(shown.answers[0].vertices)


def test_pictures_of_a_folder_are_neither_steadied_nor_counted_on(clip):
    clip.next()
    shown = clip.next(0.0)
    assert numbers(shown) == [1]
    assert not shown.answers[0].steadied


def test_the_selected_face_stays_selected_and_is_called_by_its_number():
    frame = Frame(scene(), "clip.mp4")
    answers = tuple(fake_reconstruct(scene(), [Face(BOX), Face(ELSEWHERE)], FakeReconstructor()))
    before = Shown(frame, (Face(BOX, identity=1), Face(ELSEWHERE, identity=3)), answers)
    after = Shown(frame, (Face(ELSEWHERE, identity=3), Face(BOX, identity=4)), answers)
    assert same_face(before, 1, after) == 0
    assert same_face(before, 0, after) == 0
    assert same_face(None, 5, after) == 1
    assert face_names(after) == ["Face 3", "Face 4"]
    assert face_names(Shown(frame, (Face(BOX), Face(ELSEWHERE)), answers)) == ["Face 1 of 2", "Face 2 of 2"]
