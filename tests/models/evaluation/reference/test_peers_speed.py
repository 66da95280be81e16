"""The published networks of PRNet and MGCNet, timed."""

from __future__ import annotations

from models.evaluation.reference.peers_speed import peers_speed


def test_both_networks_are_timed_as_described_and_as_we_run_them() -> None:
    rows = [line.rsplit(maxsplit=3) for line in peers_speed(1).splitlines() if "Net, " in line]
    assert [row[0] for row in rows] == ["PRNet, 256 px", "MGCNet, 224 px"]
    for _, original, ours, times in rows:
        assert abs(float(times) - float(original) / float(ours)) < 0.02 * float(times) + 0.01
