"""The smooth picture of a view at rest. Only to be used while the view's context is current."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from OpenGL import GL
from PySide6.QtCore import QSize
from PySide6.QtOpenGL import QOpenGLFramebufferObject

SUPERSAMPLING = 2  # per direction: multisampling is dearer without a graphics card


class SharpPicture:
    """Drawn larger than it is shown, averaged once the driver is done, and kept until it is dropped.

    Nobody waits for the driver: software ones draw on threads of their own, longer than a window may hang.
    """

    def __init__(self) -> None:
        self._large: QOpenGLFramebufferObject | None = None
        self._made: QOpenGLFramebufferObject | None = None  # averaged, but perhaps not by now
        self._kept: QOpenGLFramebufferObject | None = None
        self._fence: Any = None

    @property
    def is_begun(self) -> bool:
        """Whether it is being drawn."""
        return self._large is not None or self._made is not None

    def fits(self, size: QSize) -> bool:
        """Whether there is one of that size, device px."""
        return self._kept is not None and self._kept.size() == size

    def drop(self) -> None:
        """It shows what is no longer so. Needs no context."""
        self._large = self._made = self._kept = self._fence = None

    def begin(self, size: QSize, draw: Callable[[], object]) -> None:
        """Have it drawn by `draw`, which finds its target bound; to be shown at `size`, device px."""
        self.drop()
        large = QOpenGLFramebufferObject(size * SUPERSAMPLING, QOpenGLFramebufferObject.Attachment.Depth)
        large.bind()
        GL.glViewport(0, 0, large.width(), large.height())
        draw()
        large.release()
        self._large = large
        self._hand_over()

    def end(self) -> bool:
        """Keep it if it is drawn and averaged; False while the driver is still at it."""
        if self._fence is not None:
            if GL.glClientWaitSync(self._fence, 0, 0) == GL.GL_TIMEOUT_EXPIRED:
                return False
            GL.glDeleteSync(self._fence)
            self._fence = None
        if self._large is not None:
            large, self._large = self._large, None
            size = QSize(large.width() // SUPERSAMPLING, large.height() // SUPERSAMPLING)
            self._made = QOpenGLFramebufferObject(size)
            _copy(large.handle(), large.size(), self._made.handle(), size)
            self._hand_over()
            return False
        self._kept, self._made = self._made, None
        return True

    def _hand_over(self) -> None:
        """Let the driver begin, and tell it to say when it has ended."""
        self._fence = GL.glFenceSync(GL.GL_SYNC_GPU_COMMANDS_COMPLETE, 0) if GL.glFenceSync else None
        GL.glFlush()

    def show(self, target: int) -> None:
        """Lay it into the framebuffer `target`."""
        assert self._kept is not None
        size = self._kept.size()
        _copy(self._kept.handle(), size, target, size)


def _copy(source: int, size: QSize, target: int, target_size: QSize) -> None:
    """One framebuffer into another, averaged where that is smaller; leaves the target bound."""
    GL.glBindFramebuffer(GL.GL_READ_FRAMEBUFFER, source)
    GL.glBindFramebuffer(GL.GL_DRAW_FRAMEBUFFER, target)
    areas = (0, 0, size.width(), size.height(), 0, 0, target_size.width(), target_size.height())
    between = GL.GL_NEAREST if size == target_size else GL.GL_LINEAR  # a plain copy needs no shader
    GL.glBlitFramebuffer(*areas, GL.GL_COLOR_BUFFER_BIT, between)
    GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, target)
    GL.glViewport(0, 0, target_size.width(), target_size.height())
