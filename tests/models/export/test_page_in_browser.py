"""The page as a browser without a network opens it; skipped where there is no Chromium."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from models.export.html import page
from tests.fakes.answers import answer, photo

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
TELL = """<script>
addEventListener("load", () => setTimeout(() => {
  const before = panels.map(panel => panel.canvas.toDataURL());
  view.yaw = 0.6; draw();
  document.body.dataset.drawn = panels.filter(panel => panel.count > 0 && !panel.gl.getError()).length;
  document.body.dataset.turned = panels.filter((panel, i) => panel.canvas.toDataURL() !== before[i]).length;
  document.getElementById("switch-fused").click();
  document.body.dataset.hidden = document.getElementById("panel-fused").hidden;
}, 500));
</script>"""


def test_a_browser_draws_turns_and_toggles_the_panels_without_a_network(tmp_path: Path):
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"there is no Chromium here ({', '.join(BROWSERS)})")
    path = tmp_path / "page.html"
    path.write_bytes(
        page(photo(), [answer()], "ann.jpg", "1").replace(b"</body>", TELL.encode() + b"</body>")
    )
    done = subprocess.run(
        [browser, "--headless=new", "--no-sandbox", "--enable-unsafe-swiftshader", "--use-angle=swiftshader",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=5000",
         f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    body = re.search(r"<body[^>]*>", done.stdout)
    assert body is not None
    for told in ('data-ready="yes"', 'data-drawn="3"', 'data-turned="3"', 'data-hidden="true"'):
        assert told in body[0]
