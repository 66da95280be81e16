"""From the start of a process to its window, and to the first answer on a bundled photo."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import monotonic, process_time

PATIENCE_S = 120
STAGES = ("window", "answer")


def start_report(repeats: int) -> str:
    """Medians over children that start the window as `unmask` does; `cpu` is theirs, all threads."""
    runs = [_child() for _ in range(repeats)]
    lines = [f"{'s since the process began':28}{'median':>8}{'best':>8}{'cpu':>8}"]
    for stage in STAGES:
        seconds = [run[stage][0] for run in runs]
        cpu = median(run[stage][1] for run in runs)
        lines.append(f"{f'{stage} on the screen':28}{median(seconds):8.2f}{min(seconds):8.2f}{cpu:8.2f}")
    return "\n".join(lines)


def _child() -> dict[str, tuple[float, float]]:
    """Stage -> seconds since the start, seconds of processor time."""
    command = [sys.executable, "-m", "viewer.benchmark", "--since", str(monotonic())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    rows = (line.split() for line in done.stdout.splitlines())
    return {row[0]: (float(row[1]), float(row[2])) for row in rows if row and row[0] in STAGES}


def start_and_tell(since: float) -> None:
    """The window with fresh settings; prints when its panels were first on the screen, and with an answer."""
    from PySide6.QtCore import QTimer
    from PySide6.QtOpenGLWidgets import QOpenGLWidget

    from viewer.app import startup
    from viewer.app.assembly import FIRST_SIZE, Assembly
    from viewer.app.models_work import models_work
    from viewer.cli.options import Launch

    with tempfile.TemporaryDirectory() as folder:
        launch = Launch(screenshot=Path(folder) / "never written.png")  # an unattended session
        application = startup.make_application()
        settings = startup.settings_for(launch, Path(folder))
        assembly = Assembly(
            settings, startup.first_state(settings, launch), models_work(), startup.make_panels
        )
        assembly.show(FIRST_SIZE)
        told: list[str] = []

        def tell(stage: str) -> None:
            if stage not in told:
                told.append(stage)
                print(stage, f"{monotonic() - since:.3f}", f"{process_time():.3f}", flush=True)

        def on_screen() -> None:
            tell("window")
            if assembly.store.state.answer is not None:
                tell("answer")
                assembly.window.close()

        for view in assembly.window.findChildren(QOpenGLWidget):
            view.frameSwapped.connect(on_screen)
        QTimer.singleShot(0, assembly, lambda: startup.begin(assembly, launch))
        application.exec()
        assembly.close()
