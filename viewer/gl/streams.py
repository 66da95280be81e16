"""Vertices and triangles on the graphics card: what did not change since the last frame stays there."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from OpenGL import GL


@dataclass(frozen=True, slots=True)
class Stream:
    """One array of floats per vertex.

    Attributes:
        attributes: (name, how many floats) of each vertex attribute it feeds, in the order of its columns.
    """

    attributes: tuple[tuple[str, int], ...]

    @property
    def columns(self) -> int:
        """Floats per vertex."""
        return sum(count for _, count in self.attributes)


class Buffers:
    """A buffer per stream and one for the triangles. Setting only marks; `upload` needs the context.

    Args:
        streams: In the order of the arrays given to `set`.
    """

    def __init__(self, streams: Sequence[Stream]) -> None:
        self._streams = tuple(streams)
        self._arrays: list[NDArray[np.float32]] = []
        self._triangles = np.zeros((0, 3), np.int32)
        self._ids: list[int] = []
        self._fresh: list[object] = []  # what each buffer holds, by identity; the triangles last
        self._stale = False

    @property
    def attribute_names(self) -> tuple[str, ...]:
        """Of all streams; an attribute's place here is its location."""
        return tuple(name for stream in self._streams for name, _ in stream.attributes)

    def set(self, arrays: Sequence[NDArray[np.float32]], triangles: NDArray[np.int32]) -> None:
        """An array [N, columns] per stream, and [T, 3]. The same object as before is not uploaded again."""
        self._arrays, self._triangles = list(arrays), triangles
        self._stale = True

    def upload(self) -> int:
        """Send what is stale; returns how many buffers that were. ValueError if the arrays do not fit."""
        if self._ids and not self._stale:
            return 0
        self._check()
        if not self._ids:
            self._ids = [int(name) for name in np.atleast_1d(GL.glGenBuffers(len(self._streams) + 1))]
            self._fresh = [None] * len(self._ids)
        targets = [GL.GL_ARRAY_BUFFER] * len(self._streams) + [GL.GL_ELEMENT_ARRAY_BUFFER]
        sent = 0
        for index, (target, held) in enumerate(zip(targets, (*self._arrays, self._triangles), strict=True)):
            if self._fresh[index] is held:
                continue
            is_index = target == GL.GL_ELEMENT_ARRAY_BUFFER
            data = np.ascontiguousarray(held, np.uint32 if is_index else np.float32)
            GL.glBindBuffer(target, self._ids[index])
            GL.glBufferData(target, data.nbytes, data, GL.GL_STATIC_DRAW if is_index else GL.GL_STREAM_DRAW)
            self._fresh[index] = held
            sent += 1
        self._stale = False
        return sent

    def _check(self) -> None:
        """What does not fit would be read beyond its end by the driver."""
        count = len(self._arrays[0])
        for stream, array in zip(self._streams, self._arrays, strict=True):
            if array.shape != (count, stream.columns):
                names = ", ".join(name for name, _ in stream.attributes)
                raise ValueError(f"{names}: [{count}, {stream.columns}] expected, not {array.shape}")
        if self._triangles.size and not 0 <= self._triangles.min() <= self._triangles.max() < count:
            raise ValueError(f"triangles point outside the {count} vertices")

    @contextmanager
    def bound(self) -> Iterator[None]:
        """The attributes pointed at their buffers inside a `with`: no VAO, which contexts do not share."""
        locations = range(len(self.attribute_names))
        for location in locations:
            GL.glEnableVertexAttribArray(location)
        location = 0
        for buffer, stream in zip(self._ids, self._streams, strict=False):
            GL.glBindBuffer(GL.GL_ARRAY_BUFFER, buffer)
            offset = 0
            for _, count in stream.attributes:
                start = ctypes.c_void_p(4 * offset)
                GL.glVertexAttribPointer(location, count, GL.GL_FLOAT, False, 4 * stream.columns, start)
                location, offset = location + 1, offset + count
        GL.glBindBuffer(GL.GL_ELEMENT_ARRAY_BUFFER, self._ids[-1])
        try:
            yield
        finally:
            for location in locations:
                GL.glDisableVertexAttribArray(location)
            GL.glBindBuffer(GL.GL_ARRAY_BUFFER, 0)
            GL.glBindBuffer(GL.GL_ELEMENT_ARRAY_BUFFER, 0)

    def draw_triangles(self) -> None:
        """All of them; inside `bound`."""
        GL.glDrawElements(GL.GL_TRIANGLES, self._triangles.size, GL.GL_UNSIGNED_INT, ctypes.c_void_p(0))

    def draw_points(self) -> None:
        """All vertices; inside `bound`."""
        GL.glDrawArrays(GL.GL_POINTS, 0, len(self._arrays[0]))

    def forget(self) -> None:
        """The context is another: upload all again."""
        self._ids, self._fresh = [], []

    def delete(self) -> None:
        """Give all back to the current context."""
        if self._ids:
            GL.glDeleteBuffers(len(self._ids), self._ids)
        self.forget()
