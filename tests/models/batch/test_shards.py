"""Batches that are stopped anywhere and go on: nothing is lost, nothing is told twice."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import random
import weakref
from dataclasses import replace
from pathlib import Path

import pytest

from models.batch.executors import here, in_processes
from models.batch.plan import begin, planned
from models.batch.rows import REPEATING
from models.batch.shard import Part, Shard, SickError, answer_shard
from models.batch.tables import FORMS, encoded, read_rows
from models.errors import InputError, MethodError
from tests.fakes import batch as fake

COUNT, SIZE = 96, 8


def table(out: Path) -> list[list[object]]:
    """What another run must tell again, row by row."""
    return [[cells[name] for name in REPEATING] for cells in read_rows(out / "table")]


def run_whole(out: Path, count: int = COUNT, size: int = SIZE, meshes: str = "") -> list[list[object]]:
    plan = fake.plan(count, size)
    begin(plan, out, resume=True)
    list(here(plan.shards, fake.work(out, meshes=meshes)))
    return table(out)


def killed_after(events: int, out: Path, workers: int = 1, meshes: str = "") -> bool:
    """Run in a process of its own and kill it once so much has happened; whether it was still at work."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.fakes.batch", "models.batch.executors", "trimesh"])
    ours, theirs = context.Pipe()
    process = context.Process(
        target=fake.run_until_killed, args=(str(out), COUNT, SIZE, workers, meshes, theirs)
    )
    process.start()
    theirs.close()
    os.write(ours.fileno(), b"." * (events + 3))  # so much it may do: it cannot be done before it is killed
    for _ in range(events):
        if not os.read(ours.fileno(), 1):
            break
    process.kill()
    process.join()
    ours.close()
    return process.exitcode != 0


def test_a_run_killed_at_ten_random_places_tells_the_table_of_an_unbroken_one(tmp_path):
    whole = run_whole(tmp_path / "whole", meshes="ply")
    places = random.Random(5)
    killed = [killed_after(places.randint(1, 24), tmp_path / "broken", meshes="ply") for _ in range(10)]
    assert all(killed), "each run was stopped while at work"
    before = len(list((tmp_path / "broken/table").glob("part-*")))
    assert 0 < before < COUNT / SIZE, "something was there, and something was left"
    assert run_whole(tmp_path / "broken", meshes="ply") == whole
    assert files(tmp_path / "broken") == files(tmp_path / "whole")


def files(out: Path) -> list[str]:
    """All but leftovers of a write that was cut off."""
    paths = (path.relative_to(out) for path in out.rglob("*") if path.is_file())
    return sorted(str(path) for path in paths if not path.name.startswith(".unmask-"))


def test_the_processes_of_a_killed_run_end_with_it_and_another_goes_on(tmp_path):
    whole = run_whole(tmp_path / "whole")
    assert killed_after(3, tmp_path / "broken", workers=2)
    with (tmp_path / fake.LOCK).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # for ever, should a worker of the killed run live on
    plan = fake.plan(COUNT, SIZE)
    done = list(in_processes(plan.shards, fake.work(tmp_path / "broken"), 2))
    assert table(tmp_path / "broken") == whole
    assert sorted(one.number for one in done) == [shard.number for shard in plan.shards]


def test_a_process_whose_model_answers_no_more_ends_and_another_does_its_shard(tmp_path):
    whole = run_whole(tmp_path / "whole")
    sick = tmp_path / "sick"
    sick.touch()
    plan = fake.plan(COUNT, SIZE)
    begin(plan, tmp_path / "out", resume=False)
    once = fake.work(tmp_path / "out", sick=sick)
    list(in_processes(plan.shards, once, 2))
    assert (tmp_path / "sick.now").exists(), "one was sick"
    assert table(tmp_path / "out") == whole


def test_a_shard_that_ends_its_process_each_time_is_named_and_the_others_are_done(tmp_path):
    (*others, last) = planned([Part(Path("a.mp4"), stop=40)], {}, SIZE).shards
    with pytest.raises(MethodError, match=r"a\.mp4, picture 9 .* ended 3 times"):
        list(in_processes([*others, last], fake.work(tmp_path, deadly=10), 1))
    there = [cells["frame"] for cells in read_rows(tmp_path / "table") if cells["face"] in (None, 1)]
    assert there == [*range(8), *range(16, 40)]


def test_what_one_picture_does_is_its_row_and_the_others_are_answered(tmp_path):
    class Breaks(fake.FakeEngine):
        def __call__(self, pictures):
            if any(picture.seen.frame == 4 for picture in pictures):
                raise ValueError("no such picture")
            return super().__call__(pictures)

    work = replace(fake.work(tmp_path), open=Breaks)
    (shard,) = planned([Part(Path("a.mp4"), stop=9)], {}, 16).shards
    done = answer_shard(shard, work, Breaks())
    rows = list(read_rows(tmp_path / "table"))
    problems = {cells["frame"]: cells["problem"] for cells in rows if cells["problem"]}
    assert problems == {4: "no such picture", 6: "It is damaged."}
    assert (done.pictures, done.problems) == (9, 2)
    assert done.faces == sum(cells["face"] is not None for cells in rows) == 8
    assert [cells["frame"] for cells in rows if cells["face"] is None and not cells["problem"]] == [0, 3]


def test_a_model_that_answers_no_more_writes_nothing(tmp_path):
    (tmp_path / "sick").touch()
    engine = fake.FakeEngine(sick=tmp_path / "sick")
    with pytest.raises(SickError, match="device-side"):
        answer_shard(Shard(0, (Part(Path("a.mp4"), stop=3),)), fake.work(tmp_path), engine)
    assert not (tmp_path / "table").exists()


@pytest.mark.parametrize("form", FORMS)
def test_a_table_is_read_back_as_it_was_written(form, tmp_path):
    if form == "parquet":
        pytest.importorskip("pyarrow")
    run_whole(tmp_path / "out", 40)
    rows = list(read_rows(tmp_path / "out/table"))
    path = tmp_path / f"table.{form}"
    path.write_bytes(encoded(rows, form))
    again = list(read_rows(path))
    assert len(again) == len(rows)
    for old, new in zip(rows, again, strict=True):
        for name, cell in old.items():
            if isinstance(cell, float) or (isinstance(cell, list) and cell and isinstance(cell[0], float)):
                assert new[name] == pytest.approx(cell, rel=1e-2, abs=1e-2)
            elif name in ("took_part", "alarms", "left_out") and form == "csv":
                assert new[name] == [part.replace(" ", "-") for part in cell or []]
            else:
                assert new[name] == cell


def test_parquet_says_what_its_columns_mean(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    run_whole(tmp_path / "out", 16)
    path = tmp_path / "t.parquet"
    path.write_bytes(encoded(list(read_rows(tmp_path / "out/table")), "parquet"))
    schema = parquet.read_schema(path)
    assert schema.metadata[b"schema"] == b"unmask.rows/1"
    assert schema.field("x0").metadata == {b"unit": b"px", b"doc": b"Left edge of the face's box."}


def test_shards_hold_every_picture_once_and_long_files_are_cut():
    parts = [Part(Path("a.png")), Part(Path("v.mp4"), stop=100, step=3), Part(Path("c.png"))]
    shards = planned(parts, {}, 10).shards
    told = [
        (part.path.name, index)
        for shard in shards
        for part in shard.parts
        for index in range(part.start, part.stop, part.step)
    ]
    assert told == [("a.png", 0), *(("v.mp4", k) for k in range(0, 100, 3)), ("c.png", 0)]
    assert [len(shard) for shard in shards] == [10, 10, 10, 6]


def test_a_batch_is_gone_on_with_only_as_it_was_begun(tmp_path):
    picture = tmp_path / "a.png"
    picture.write_bytes(b"1")
    begun = planned([Part(picture)], {"method": "dsfnet", "every": 1})
    begin(begun, tmp_path / "out", resume=True)
    begin(begun, tmp_path / "out", resume=True)
    with pytest.raises(InputError, match="--resume"):
        begin(begun, tmp_path / "out", resume=False)
    with pytest.raises(InputError, match="other method"):
        begin(planned([Part(picture)], {"method": "prnet", "every": 1}), tmp_path / "out", resume=True)
    picture.write_bytes(b"22")
    again = planned([Part(picture)], {"method": "dsfnet", "every": 1})
    with pytest.raises(InputError, match="other inputs"):
        begin(again, tmp_path / "out", resume=True)


def test_what_the_user_has_in_the_folder_stays(tmp_path):
    (tmp_path / "table").mkdir()
    (tmp_path / "table/mine.csv").write_text("mine")
    for resume in (False, True):
        with pytest.raises(InputError, match="holds table already"):
            begin(planned([Part(Path("a.png"))], {}), tmp_path, resume)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["mine.csv", "table"]


def test_no_more_pictures_are_held_than_go_through_the_network_twice(tmp_path):
    held, most = [], 0

    def read(part):
        nonlocal most
        for picture in fake.read(part):
            if picture.image is not None:
                held.append(weakref.ref(picture.image))
            most = max(most, sum(image() is not None for image in held))
            yield picture

    work = replace(fake.work(tmp_path), read=read)
    answer_shard(Shard(0, (Part(Path("a.mp4"), stop=200),)), work, fake.FakeEngine())
    assert 16 < most <= 3 * 16
