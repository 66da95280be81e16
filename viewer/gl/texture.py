"""A picture on the graphics card."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from OpenGL import GL

LARGE_PX = 1024


class Texture:
    """RGB bytes, smoothly interpolated, clamped at the border. `set_picture` only marks.

    A large picture is mostly drawn small: it gets halved copies, or its pixels would flicker.

    Args:
        unit: Which texture unit it is bound to.
    """

    def __init__(self, unit: int) -> None:
        self._unit = unit
        self._picture = self._given = np.zeros((1, 1, 3), np.uint8)
        self._id = 0
        self._stale = True

    def set_picture(self, picture: NDArray[np.uint8]) -> None:
        """[H, W, 3] RGB; the first row is at texture coordinate 0. The same object is not sent again."""
        if picture is not self._given:
            self._given = picture
            self._picture = np.ascontiguousarray(picture)
            self._stale = True

    def bind(self) -> int:
        """Make it current on its unit; returns how many uploads that took, 0 or 1."""
        GL.glActiveTexture(GL.GL_TEXTURE0 + self._unit)
        if self._id == 0:
            self._id = int(GL.glGenTextures(1))
            self._stale = True
        GL.glBindTexture(GL.GL_TEXTURE_2D, self._id)
        uploads = int(self._stale)
        if self._stale:
            self._upload()
        GL.glActiveTexture(GL.GL_TEXTURE0)
        return uploads

    def _upload(self) -> None:
        self._stale = False
        large = max(self._picture.shape[:2]) > LARGE_PX
        for name, value in (
            (GL.GL_TEXTURE_MIN_FILTER, GL.GL_LINEAR_MIPMAP_LINEAR if large else GL.GL_LINEAR),
            (GL.GL_TEXTURE_MAG_FILTER, GL.GL_LINEAR),
            (GL.GL_TEXTURE_WRAP_S, GL.GL_CLAMP_TO_EDGE),
            (GL.GL_TEXTURE_WRAP_T, GL.GL_CLAMP_TO_EDGE),
        ):
            GL.glTexParameteri(GL.GL_TEXTURE_2D, name, value)
        height, width = self._picture.shape[:2]
        GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 1)
        GL.glTexImage2D(
            GL.GL_TEXTURE_2D, 0, GL.GL_RGB8, width, height, 0, GL.GL_RGB, GL.GL_UNSIGNED_BYTE, self._picture
        )
        if large:
            GL.glGenerateMipmap(GL.GL_TEXTURE_2D)

    def forget(self) -> None:
        """The context is another: upload again at the next `bind`."""
        self._id = 0

    def delete(self) -> None:
        """Give it back to the current context."""
        if self._id:
            GL.glDeleteTextures(1, [self._id])
            self._id = 0
