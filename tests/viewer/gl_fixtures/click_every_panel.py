"""A session of its own, so that the screen may have another scale: click a vertex in each panel.

Prints a line per panel: name, vertex clicked, vertex picked, how far its mark is off (logical px), ratio.
"""

from __future__ import annotations

import sys

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, Qt
from PySide6.QtGui import QSurfaceFormat
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.viewer.gl_fixtures import dome
from tests.viewer.gl_fixtures.screen import pixels
from viewer.app.startup import surface_format
from viewer.gl import trackball
from viewer.panels.colours import DARK, shares
from viewer.panels.panel import Panel
from viewer.state.camera import Camera, turn
from viewer.state.layout import panel_row


def click(name: str, vertex: int, camera: Camera) -> str:
    """One line about one panel."""
    panel = Panel(panel_row(name))
    panel.resize(300, 346)
    panel.show()
    QTest.qWaitForWindowExposed(panel)
    panel.set_answer(dome.answer(), dome.photo())
    panel.set_camera(camera)
    picked: list[int] = []
    panel.vertex_picked.connect(picked.append)
    view = panel.view
    surface = panel.positions()
    x, y, _ = trackball.projected(surface, camera, view.width(), view.height())[vertex]
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPointF(x, y).toPoint())
    before = pixels(view.grabFramebuffer())
    panel.set_probe(vertex)
    after = pixels(view.grabFramebuffer())
    accent = np.array(shares(DARK.accent)) * 255
    mark = (np.abs(after - accent).max(-1) < 40) & (np.abs(after - before).max(-1) > 8)
    rows, columns = np.nonzero(mark)
    ratio = view.devicePixelRatioF()
    off = np.hypot((columns.mean() + 0.5) / ratio - x, (rows.mean() + 0.5) / ratio - y)
    return f"{name} {vertex} {picked[0] if picked else -1} {off:.3f} {ratio}"


if __name__ == "__main__":
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    QSurfaceFormat.setDefaultFormat(surface_format())
    application = QApplication(sys.argv[:1])
    turned = Camera(rotation=turn((0, 1, 0), 20), zoom=1.4, pan=(0.05, -0.03))
    middle = dome.SIDE * (dome.SIDE // 2) + dome.SIDE // 2
    for name, camera in (("fused", turned), ("model", Camera(perspective=True)), ("uv", Camera(zoom=1.3))):
        print(click(name, middle - 3, camera), flush=True)
