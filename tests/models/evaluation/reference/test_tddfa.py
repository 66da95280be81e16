import numpy as np

from models.evaluation.reference.made_up_tddfa import made_up
from models.evaluation.reference.tddfa_speed import answers_apart, tddfa_speed
from models.pipeline import reconstruct
from models.reconstructor import Face


def test_ours_and_the_plain_restatement_answer_the_same():
    ours, plain = made_up(width=0.25, rows=20, columns=20)
    picture = np.random.default_rng(0).integers(0, 256, (450, 450, 3), np.uint8)
    assert answers_apart(ours, plain, picture) < 1e-3


def test_the_way_back_into_the_picture_is_the_releases():
    ours, plain = made_up(width=0.25, rows=20, columns=20)
    picture = np.full((450, 450, 3), 90, np.uint8)  # the same however it is resized
    answer = reconstruct(picture, [Face((120.0, 110.0, 300.0, 310.0))], ours)[0]
    side = 200 * 2**0.5
    roi = (210 - side / 2, 210 - side / 2, 210 + side / 2, 210 + side / 2)
    theirs = plain(np.ascontiguousarray(picture[..., ::-1]), roi).T
    assert np.abs(answer.vertices - theirs).max() < 0.01


def test_the_table_tells_every_stage():
    report = tddfa_speed(1)
    for stage in ("crop", "network", "to 38 k vertices", "picture to 68 landmarks"):
        assert stage in report
