"""What the command of the benchmarks refuses, and in which words."""

from __future__ import annotations

import pytest

from viewer.benchmark.__main__ import main


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["batch", "240"], "batch takes no folder, and '240' was given. Did you mean --pictures 240?"),
        (["mining", "1000"], "Did you mean --rows 1000?"),
        (["soak", "5"], "Did you mean --minutes 5?"),
        (["draw", "pictures"], "Did you mean --repeats N?"),
        (["day", "240", "--out", "there"], "'240' is no folder. A day needs one of pictures."),
    ],
)
def test_what_is_no_folder_is_refused_with_what_was_meant(asked, told, capsys):
    with pytest.raises(SystemExit) as ended:
        main(asked)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
