"""The script of an answer's page, run by Qt's own engine in as much of a browser as it asks for."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QOffscreenSurface, QOpenGLContext, QSurfaceFormat
from PySide6.QtOpenGL import QOpenGLShader, QOpenGLShaderProgram
from PySide6.QtQml import QJSEngine

from models.export.html import ORDER, page
from models.export.surface import branches, surface_of
from models.reconstruction import Alarm
from tests.fakes.answers import answer, photo
from tests.viewer.gl_fixtures.screen import require_gl

BROWSER = Path(__file__).with_name("browser.js")


class Page:
    """The script with its data, run."""

    def __init__(self, answers):
        text = page(photo(), answers, "ann.jpg", "1").decode()
        data, script = re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)
        self._engine = QJSEngine()
        # what browsers decode by themselves: each text of base 64 as one of the characters 0 to 255
        texts = {one for one in re.findall(r'"([A-Za-z0-9+/=]{4,})"', data)}
        decoded = {one: base64.b64decode(one).decode("latin-1") for one in texts if len(one) % 4 == 0}
        parts = (
            f"const host_bytes = {json.dumps(decoded)};",
            BROWSER.read_text(encoding="utf-8"),
            f"document.getElementById('data').textContent = {json.dumps(data)};",
            script,
            "var page = {panels, document}; photo.onload();",
        )
        self.run("\n".join(parts))

    def run(self, script):
        """The value of a script, as JSON tells it."""
        found = self._engine.evaluate(script)
        assert not found.isError(), f"line {found.property('lineNumber').toInt()}: {found.toString()}"
        return found

    def told(self, script):
        return json.loads(self.run(f"JSON.stringify({script})").toString())

    def numbers(self, script):
        return np.array(self.told(f"Array.from({script})"))


def test_the_page_shows_each_branch_where_its_vertices_are(qapp):
    one = answer()
    opened = Page([one])
    assert opened.told("page.document.body.dataset.ready") == "yes"
    names = opened.told("page.panels.map(panel => panel.name)")
    assert names == [name for name in ORDER if name in branches(one)]
    low, high = one.vertices.min(0), one.vertices.max(0)
    middle, radius = (low + high) / 2, (high - low).max() / 2
    for at, name in enumerate(names):
        shown = f"page.panels[{at}].gl.told"
        expected = (surface_of(one, name).vertices - middle) / radius * (1, -1, 1)
        places = opened.numbers(f"{shown}.buffers.place").reshape(-1, 3)
        np.testing.assert_allclose(places, expected, atol=2e-4)
        triangles = opened.numbers(f"{shown}.triangles").reshape(-1, 3)
        np.testing.assert_array_equal(triangles, one.topology.triangles)
        assert opened.told(f"{shown}.draws[0]") == [triangles.size, "UNSIGNED_SHORT"]


def test_a_drag_turns_all_panels_and_a_double_click_brings_them_back(qapp):
    opened = Page([answer()])
    turns = "page.panels.map(panel => Array.from(panel.gl.told.uniforms.turn))"
    before = opened.told(turns)
    np.testing.assert_allclose(np.array(before[0]).reshape(3, 3), np.eye(3), atol=1e-12)
    opened.run("page.panels[0].canvas.heard.pointermove({buttons: 1, movementX: 60, movementY: 0})")
    after = opened.told(turns)
    assert all(new == after[0] for new in after)
    turn = np.array(after[0]).reshape(3, 3)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-6)
    assert np.abs(turn - np.eye(3)).max() > 0.5
    opened.run("page.panels[0].canvas.heard.dblclick()")
    np.testing.assert_allclose(opened.told(turns), before, atol=1e-7)


def test_branches_are_toggled_states_are_coloured_and_alarms_are_read(qapp):
    opened = Page([answer((Alarm("box-off", "The box is off."),))])
    assert "The box is off." in opened.told("page.document.getElementById('told').words")
    assert "covered" in opened.told("page.document.getElementById('legend').words")
    opened.run("var box = page.document.getElementById('switch-fused'); box.checked = false; box.onchange();")
    hidden = opened.told("page.panels.filter(panel => panel.figure.hidden).map(panel => panel.name)")
    assert hidden == ["fused"]
    opened.run("var look = page.document.getElementById('look'); look.value = '1'; look.onchange();")
    assert opened.told("page.panels.map(panel => panel.gl.told.uniforms.look)") == [1] * 3
    states = opened.numbers("page.panels[0].gl.told.buffers.states").reshape(-1, 3)
    np.testing.assert_allclose(states.sum(-1), 1, atol=0.01)


def test_of_several_faces_one_is_chosen(qapp):
    one = answer()
    other = replace(one, vertices=(one.vertices * (1, 1, 0.25)).astype(np.float32))
    opened = Page([one, other])
    place = "page.panels[page.panels.length - 1].gl.told.buffers.place"
    first = opened.numbers(place)
    opened.run("var face = page.document.getElementById('face'); face.value = '1'; face.onchange();")
    assert np.abs(opened.numbers(place) - first).max() > 0.01


@pytest.mark.gl
def test_its_shaders_are_understood_by_a_driver(qapp):
    require_gl(qapp)
    wanted = QSurfaceFormat()
    wanted.setRenderableType(QSurfaceFormat.RenderableType.OpenGLES)
    wanted.setVersion(3, 0)
    context, surface = QOpenGLContext(), QOffscreenSurface()
    context.setFormat(wanted)
    surface.setFormat(wanted)
    surface.create()
    if not context.create() or not context.makeCurrent(surface) or not context.isOpenGLES():
        pytest.skip("this driver does not speak what browsers speak, OpenGL ES 3")
    program = QOpenGLShaderProgram()
    vertex, fragment = Page([answer()]).told("page.panels[0].gl.told.sources")
    kind = QOpenGLShader.ShaderTypeBit
    for bit, source in ((kind.Vertex, vertex), (kind.Fragment, fragment)):
        assert program.addShaderFromSourceCode(bit, source.encode()), program.log()
    assert program.link(), program.log()
    context.doneCurrent()
