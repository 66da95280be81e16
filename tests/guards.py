"""Whether the tests hold what the README promises: `python -m tests.guards`.

Each guard of a promise is taken out of a copy of the sources, and the test named must fail there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FAILED = 1  # pytest's status if tests ran and some failed
SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Guard:
    """A line that holds a promise.

    Attributes:
        promise: Words of the README's row.
        file: Where it stands, from the root.
        line: Text that is there once.
        broken: What takes its place.
        test: FILE::NAME of the test that must fail then.
    """

    promise: str
    file: str
    line: str
    broken: str
    test: str


OUTPUTS, STILL = "models/export/outputs.py", "viewer/sources/still.py"
GUARDS = (
    Guard(
        "write over no input",
        OUTPUTS,
        "                inputs.append(path)",
        "                pass",
        "tests/models/export/test_outputs.py::test_an_input_is_never_written_over_whatever_it_is_called",
    ),
    Guard(
        "whole or not at all",
        OUTPUTS,
        "            beside.unlink(missing_ok=True)\n            _UNFINISHED",
        "            _UNFINISHED",
        "tests/models/export/test_outputs.py::test_a_full_disk_or_a_stop_leaves_no_half_file",
    ),
    Guard(
        "a file that appears meanwhile",
        OUTPUTS,
        "    if replace:\n",
        "    if True:\n",
        "tests/models/export/test_outputs.py::test_a_file_that_appeared_meanwhile_is_not_replaced",
    ),
    Guard(
        "The rows of a video",
        OUTPUTS,
        "        partial, stream = _begun(path)",
        '        partial, stream = path, path.open("w", encoding="utf-8")',
        "tests/models/export/test_outputs.py::test_a_file_that_grows_has_its_name_once_it_is_whole",
    ),
    Guard(
        "Names of answers never collide",
        OUTPUTS,
        "        while _folded(name) in self._taken or not free(name):",
        "        while name in self._taken or not free(name):",
        "tests/models/export/test_outputs.py::test_names_never_collide_and_stay_short_enough",
    ),
    Guard(
        "is one line, and the run goes on",
        "viewer/cli/run.py",
        "        except (Exception, SystemExit) as error:  # whatever one picture does",
        "        except UnmaskError as error:  # whatever one picture does",
        "tests/viewer/cli/test_runs.py::test_whatever_one_picture_raises_is_one_line_and_the_run_goes_on",
    ),
    Guard(
        "NaN, infinity or wrong shapes",
        "models/pipeline.py",
        "    if not all(np.isfinite(np.asarray(part)).all() for part in numbers):",
        "    if False:",
        "tests/viewer/cli/test_runs.py::test_an_answer_of_numbers_that_are_none_or_of_a_wrong_shape_is_an_error",
    ),
    Guard(
        "killed anywhere goes on",
        "models/batch/plan.py",
        "    if other:\n",
        "    if False:\n",
        "tests/models/batch/test_shards.py::test_a_batch_is_gone_on_with_only_as_it_was_begun",
    ),
    Guard(
        "out of memory: face by face",
        "viewer/cli/answering.py",
        "            if len(faces) > 1:",
        "            if len(faces) > 99:",
        "tests/viewer/cli/test_runs.py::test_a_device_out_of_memory_is_asked_face_by_face_then_the_cpu",
    ),
    Guard(
        "a stopped command says one line",
        "viewer/cli/speech.py",
        "    except Terminated:",
        "    except BlockingIOError:",
        "tests/viewer/cli/test_runs.py::test_a_command_that_is_stopped_says_one_line",
    ),
    Guard(
        "Ctrl+C and SIGTERM end the window",
        "viewer/app/stopping.py",
        "            self._end()",
        "            pass",
        "tests/viewer/app/test_stopping.py::test_a_signal_ends_the_window_while_qt_has_the_thread",
    ),
    Guard(
        "within about three seconds",
        "viewer/tasks/in_order.py",
        "            self._thread.join(timeout_s)",
        "            self._thread.join()",
        "tests/viewer/tasks/test_in_order.py::test_a_file_that_is_never_finished_does_not_keep_its_writer",
    ),
    Guard(
        "ends the worker",
        "viewer/tasks/latest_only.py",
        "            except BaseException as error:",
        "            except ValueError as error:",
        "tests/viewer/tasks/test_latest_only.py::test_no_exception_of_any_kind_ends_the_thread",
    ),
    Guard(
        "Damaged settings are put aside",
        "viewer/state/settings.py",
        "    beside = put_aside(path)",
        "    beside = path",
        "tests/viewer/state/test_settings.py::test_damaged_settings_are_told_put_aside_and_replaced",
    ),
    Guard(
        "No text typed as a filter",
        "viewer/mining/filtering.py",
        "        if match is None:",
        "        if False:",
        "tests/viewer/mining/test_filtering.py::test_what_cannot_be_understood_is_told_with_its_place",
    ),
    Guard(
        "as `.bad` if you save over it",
        "viewer/cases/case_file.py",
        "    aside = put_aside(path) if path.is_file() and _is_damaged(path) else None",
        "    aside = None",
        "tests/viewer/cases/test_case_file.py::test_a_damaged_file_that_a_case_is_saved_over_is_kept_as_bad",
    ),
    Guard(
        "two windows never write each other's",
        "viewer/cases/autosave.py",
        "        if not lock.tryLock(0):\n",
        "        if False:\n",
        "tests/viewer/cases/test_autosave.py::test_two_windows_in_one_folder_do_not_write_each_others_file",
    ),
    Guard(
        "Frames of a video are those its time stamps name",
        "viewer/sources/video_index.py",
        "if row.key is not None and not row.hidden}",
        "if row.key is not None}",
        "tests/viewer/sources/test_video_ffmpeg.py::test_a_clip_cut_without_encoding_shows_what_ffmpeg_shows",
    ),
    Guard(
        "Frames of a video are those its time stamps name",
        "viewer/sources/video_index.py",
        '    by_place = container.format.name == "avi"',
        "    by_place = False",
        "tests/viewer/sources/test_video.py::test_frames_of_an_avi_that_lost_one_keep_their_places_in_any_order",
    ),
    Guard(
        "A damaged or missing frame is called so",
        "viewer/sources/video.py",
        "            if found is None or found.is_corrupt:",
        "            if found is None:",
        "tests/viewer/sources/test_video.py::test_a_frame_of_which_a_piece_was_lost_on_its_way_is_called_damaged",
    ),
    Guard(
        "takes a gigabyte to be shown",
        STILL,
        "    if need > DECODED_BYTES:",
        "    if False:",
        "tests/viewer/sources/test_still.py::test_a_picture_that_would_exhaust_memory_is_refused_before_it_is",
    ),
    Guard(
        "also where it is shown smaller",
        "models/ground_truth/readers.py",
        "        truth = _as_shown(truth, written, size)",
        "        pass",
        "tests/models/ground_truth/test_readers.py::test_truth_about_a_picture_shown_smaller_goes_where",
    ),
    Guard(
        "may be wrong and says so",
        "viewer/sources/video_index.py",
        "                doubtful = doubtful or frame.is_corrupt",
        "                pass",
        "tests/viewer/sources/test_video.py::test_a_picture_that_a_damage_changed_is_refused_or_said",
    ),
    Guard(
        "executes anything",
        "models/file_formats/numpy_file.py",
        "    if dtype.kind not in NUMBERS_AND_TEXT:",
        "    if False:",
        "tests/models/ground_truth/test_readers.py::test_a_pickle_in_an_array_is_not_run",
    ),
    Guard(
        "No test asks the network",
        "tests/conftest.py",
        "            if internet and not (own and address[0] in HERE):",
        "            if internet and not own:",
        "tests/test_network.py::test_no_test_can_reach_another_machine",
    ),
)


def broken(source: str, guard: Guard) -> str:
    """The source without the guard; ValueError unless its line is there once."""
    if (count := source.count(guard.line)) != 1:
        raise ValueError(f"{guard.file} has {guard.line.strip()!r} {count} times")
    return source.replace(guard.line, guard.broken)


def copied(folder: Path) -> None:
    """All that git would keep, links for the large part of it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    for name in filter(None, listed.decode(errors="surrogateescape").split("\0")):
        own, copy = ROOT / name, folder / name
        if not own.is_file():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        if name.startswith("resources/") and own.suffix != ".py":
            copy.symlink_to(own)
        else:
            copy.write_bytes(own.read_bytes())


def fails_without(guard: Guard, folder: Path) -> bool:
    """Whether the test fails in a copy from which the guard is taken; the copy is as before afterwards."""
    path = folder / guard.file
    whole = path.read_text(encoding="utf-8")
    path.write_text(broken(whole, guard), encoding="utf-8")
    file, _, name = guard.test.partition("::")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", file, "-k", name]
    try:
        ended = subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS, check=False)
        return ended.returncode == FAILED
    except subprocess.TimeoutExpired:
        return True  # it holds by waiting for ever; no test passed
    finally:
        path.write_text(whole, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every guard that is taken away makes its test fail."""
    parser = argparse.ArgumentParser(prog="python -m tests.guards", description=__doc__)
    parser.add_argument("words", nargs="*", help="only guards whose promise or file holds one of these")
    words = parser.parse_args(arguments).words
    chosen = [g for g in GUARDS if not words or any(w in g.promise or w in g.file for w in words)]
    unheld = 0
    with tempfile.TemporaryDirectory() as temporary:
        copied(Path(temporary))
        for guard in chosen:
            holds = fails_without(guard, Path(temporary))
            unheld += not holds
            print(f"{'held' if holds else 'NOT HELD':8}  {guard.promise}: {guard.test}", flush=True)
    print(f"{len(chosen)} guards, {unheld} that no test holds")
    return int(unheld > 0)


if __name__ == "__main__":
    raise SystemExit(main())
