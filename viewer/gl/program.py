"""Compiles the shaders that ship; one program belongs to one context."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from OpenGL import GL

import resources

Uniform = float | Sequence[float] | NDArray[np.float32]


class ShaderError(RuntimeError):
    """The driver refused a shader; the message holds its log."""


class Program:
    """Shaders, linked. Make it and use it with the same context current.

    Args:
        name: `resources/shaders/<name>.vert` and `.frag`.
        attributes: Vertex attributes; each gets its index in this order as location.
        constants: Whole numbers the shaders know by name (#define). Software drivers run both sides of every
            branch on a uniform, so a choice that holds for a whole surface is cheaper as a constant.
        geometry: Whether there is a `<name>.geom` too.
    """

    def __init__(
        self,
        name: str,
        attributes: Sequence[str],
        constants: Mapping[str, int] = MappingProxyType({}),
        geometry: bool = False,
    ) -> None:
        shaders = [
            _compiled(f"{name}.vert", GL.GL_VERTEX_SHADER, constants),
            _compiled(f"{name}.frag", GL.GL_FRAGMENT_SHADER, constants),
        ]
        if geometry:
            shaders.append(_compiled(f"{name}.geom", GL.GL_GEOMETRY_SHADER, constants))
        self._id = GL.glCreateProgram()
        for location, attribute in enumerate(attributes):
            GL.glBindAttribLocation(self._id, location, attribute)
        for shader in shaders:
            GL.glAttachShader(self._id, shader)
        GL.glLinkProgram(self._id)
        for shader in shaders:
            GL.glDeleteShader(shader)
        if not GL.glGetProgramiv(self._id, GL.GL_LINK_STATUS):
            raise ShaderError(f"{name} does not link: {_text(GL.glGetProgramInfoLog(self._id))}")
        self._locations: dict[str, int] = {}

    @contextmanager
    def bound(self) -> Iterator[None]:
        """Draw with this program inside the `with`."""
        GL.glUseProgram(self._id)
        try:
            yield
        finally:
            GL.glUseProgram(0)

    def set(self, uniforms: Mapping[str, Uniform]) -> None:
        """Set uniforms of the bound program.

        A float, a sequence of 2 to 4 floats, or a matrix [4, 4] (rows first); whole numbers and truths for
        the shader's int, bool and sampler uniforms.
        """
        for name, value in uniforms.items():
            location = self._location(name)
            if location >= 0:  # a driver may drop what a shader does not use
                _set_uniform(location, value)

    def _location(self, name: str) -> int:
        if name not in self._locations:
            self._locations[name] = int(GL.glGetUniformLocation(self._id, name))
        return self._locations[name]

    def delete(self) -> None:
        """Give the program back to the current context."""
        GL.glDeleteProgram(self._id)


def _set_uniform(location: int, value: Uniform) -> None:
    if isinstance(value, bool | int):
        GL.glUniform1i(location, int(value))
    elif isinstance(value, float):
        GL.glUniform1f(location, value)
    elif isinstance(value, np.ndarray):
        GL.glUniformMatrix4fv(location, 1, GL.GL_TRUE, np.ascontiguousarray(value, np.float32))
    else:
        _UNIFORMS[len(value)](location, *value)


_UNIFORMS = {2: GL.glUniform2f, 3: GL.glUniform3f, 4: GL.glUniform4f}


def has_geometry_shaders() -> bool:
    """Whether the current context is new enough (OpenGL 3.2)."""
    version = _text(GL.glGetString(GL.GL_VERSION)).split()[0]
    major, minor = (int(part) for part in version.split(".")[:2])
    return (major, minor) >= (3, 2)


def _compiled(file_name: str, kind: int, constants: Mapping[str, int]) -> int:
    version, _, text = resources.shader(file_name).read_text(encoding="utf-8").partition("\n")
    lines = (f"#define {name} {int(value)}" for name, value in constants.items())
    shader = GL.glCreateShader(kind)
    GL.glShaderSource(shader, "\n".join((version, *lines, text)))
    GL.glCompileShader(shader)
    if not GL.glGetShaderiv(shader, GL.GL_COMPILE_STATUS):
        raise ShaderError(f"{file_name} does not compile: {_text(GL.glGetShaderInfoLog(shader))}")
    return int(shader)


def _text(log: bytes | str) -> str:
    return log.decode(errors="replace") if isinstance(log, bytes) else log
