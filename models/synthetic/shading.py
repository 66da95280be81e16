# Compiled functions get their types from their arguments.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, call-overload"
"""Light and colour of every pixel the z-buffer filled: compiled, linear light."""

from __future__ import annotations

import numpy as np
from numba import njit

from models.synthetic.markings import Field
from models.synthetic.paint import Paint
from models.synthetic.surfaces import Kind

_SKIN, _MOUTH, _EYE = int(Kind.SKIN), int(Kind.MOUTH), int(Kind.EYE)
_TEETH, _TONGUE = int(Kind.TEETH), int(Kind.TONGUE)
_HAIR, _LIMB = int(Kind.HAIR), int(Kind.LIMB)
_FIELDS = len(Field)

# A spiral of 20 taps, five for each pixel of a 2 x 2 block: halving the picture gathers all of them.
_ANGLES = np.arange(20) * 2.399963
_TURN = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], 1).astype(np.float32)
_REACH = np.sqrt((np.arange(20) + 0.5) / 20).astype(np.float32)


@njit(cache=True, nogil=True, inline="always", fastmath=True, error_model="numpy")
def _grain(bank, tile, u, v):
    """-1..1 of a tile at (u, v), one tile per unit."""
    column = np.int64(np.floor(u * np.float32(256.0))) & 255
    row = np.int64(np.floor(v * np.float32(256.0))) & 255
    return (np.float32(bank[tile, row, column]) - np.float32(128.0)) * np.float32(1.0 / 128.0)


@njit(cache=True, nogil=True, inline="always", fastmath=True, error_model="numpy")
def _step(low, high, x):
    t = (x - low) / (high - low)
    t = min(max(t, np.float32(0.0)), np.float32(1.0))
    return t * t * (np.float32(3.0) - np.float32(2.0) * t)


@njit(cache=True, nogil=True, inline="always", fastmath=True, error_model="numpy")
def _mix(colour, r, g, b, amount):
    colour[0] += (r - colour[0]) * amount
    colour[1] += (g - colour[1]) * amount
    colour[2] += (b - colour[2]) * amount


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _lit_share(shadow, lx, ly, lz, spread, odd):
    """Share of the key light that arrives: five taps, others in each pixel of a 2 x 2 block."""
    size = shadow.shape[0]
    total = np.float32(0.0)
    for k in range(5):
        n = k * 4 + odd
        reach = spread * _REACH[n]
        x = np.int64(lx + reach * _TURN[n, 0] + np.float32(0.5))
        y = np.int64(ly + reach * _TURN[n, 1] + np.float32(0.5))
        if x < 0 or y < 0 or x >= size or y >= size:
            total += np.float32(1.0)
        else:
            gap = shadow[y, x] - lz - np.float32(2.5) - spread * np.float32(1.2)
            total += np.float32(1.0) - min(max(gap * np.float32(0.5), np.float32(0.0)), np.float32(1.0))
    return total * np.float32(0.2)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _paint_skin(colour, f, u, v, paint, bank, relief):
    """Albedo of the face into `colour`; into `relief`: two slopes of the surface, shine, polish."""
    u += paint[Paint.OFFSET]
    v += paint[Paint.OFFSET + 1]
    mottle = _grain(bank, 4, u * 1.7, v * 1.7)
    cloud = _grain(bank, 8, u * 0.8 + 0.3, v * 0.8)
    pores = _grain(bank, 0, u * 2.0, v * 2.0)
    shade = 1.0 + paint[Paint.MOTTLE] * (0.11 * mottle + 0.12 * cloud + 0.06 * pores)
    for k in range(3):
        colour[k] = paint[k] * shade
    flush = paint[Paint.FLUSH] * cloud
    red = paint[Paint.BLUSH] * f[Field.BLUSH] + paint[Paint.RED] * f[Field.RED] + max(flush, np.float32(0.0))
    colour[1] *= 1.0 - 0.42 * red
    colour[2] *= 1.0 - 0.40 * red
    under = paint[Paint.UNDER_EYE] * f[Field.UNDER_EYE]
    _mix(colour, colour[0] * 0.62, colour[1] * 0.52, colour[2] * 0.55, under)
    freckle = paint[Paint.FRECKLES] * max(_grain(bank, 13, u * 2.4, v * 2.4) + 1.0, np.float32(0.0)) * 0.5
    _mix(colour, colour[0] * 0.55, colour[1] * 0.42, colour[2] * 0.35, min(freckle, np.float32(0.8)))
    crease = paint[Paint.CREASE] * f[Field.CREASE]
    _mix(colour, colour[0] * 0.55, colour[1] * 0.45, colour[2] * 0.42, crease * 0.6)
    relief[2] = paint[Paint.OIL] * (1.0 + 0.5 * pores)
    relief[3] = 14.0
    relief[0] = paint[Paint.RELIEF] * (0.7 * pores + 0.6 * mottle)
    relief[1] = paint[Paint.RELIEF] * (_grain(bank, 0, u * 2.0 + 0.37, v * 2.0) * 0.7 + 0.6 * mottle)
    if f[Field.LID] > 0.01:
        _mix(
            colour,
            paint[Paint.SHADOW],
            paint[Paint.SHADOW + 1],
            paint[Paint.SHADOW + 2],
            paint[Paint.SHADOW_AMOUNT] * min(f[Field.LID], np.float32(1.0)),
        )
    # lips
    lip = f[Field.LIP] + paint[Paint.LIP_GROW] + 0.25 * mottle
    if lip > -1.5:
        on = _step(np.float32(-1.1), np.float32(1.1), lip) * paint[Paint.LIP_STRENGTH]
        wrinkle = _grain(bank, 20, u * 3.0, v * 0.6)
        dark = 1.0 - 0.16 * max(wrinkle, np.float32(0.0))
        _mix(colour, paint[Paint.LIP] * dark, paint[Paint.LIP + 1] * dark, paint[Paint.LIP + 2] * dark, on)
        relief[2] += 0.4 * paint[Paint.LIP_GLOSS] * on
        relief[3] = 14.0 + 30.0 * on
        relief[0] += 0.12 * wrinkle * on
    # brows
    if f[Field.BROW] < 9.0:
        along = f[Field.BROW_ALONG]
        wide = paint[Paint.BROW_WIDTH] * (1.0 - 0.45 * max(along, np.float32(0.0)))
        hair = _grain(bank, 16 + 1, u * 3.0 + v * 0.5, v * 2.2)
        edge = wide * (1.0 + 0.25 * hair)
        on = 1.0 - _step(edge * np.float32(0.55), edge * np.float32(1.3), f[Field.BROW])
        on *= 1.0 - _step(np.float32(0.8), np.float32(1.02), abs(along)) * np.float32(0.5)
        on *= 1.0 - paint[Paint.BROW_GRAIN] * (0.5 - 0.5 * hair)
        _mix(
            colour,
            paint[Paint.BROW],
            paint[Paint.BROW + 1],
            paint[Paint.BROW + 2],
            min(max(on * paint[Paint.BROW_STRENGTH], np.float32(0.0)), np.float32(1.0)),
        )
        relief[2] *= 1.0 - 0.7 * on
    # beard, moustache, shaved scalp
    beard = max(
        f[Field.BEARD] * paint[Paint.BEARD_AMOUNT], f[Field.MOUSTACHE] * paint[Paint.MOUSTACHE_AMOUNT]
    )
    scalp = f[Field.SCALP] * paint[Paint.SCALP_AMOUNT]
    if beard > 0.02:
        hair = _grain(bank, 17, u * 2.3 + 0.2, v * 2.3) * paint[Paint.BEARD_GRAIN]
        lock = _grain(bank, 4 + 2, u * 1.1, v * 1.1)
        on = _step(np.float32(0.15), np.float32(0.95), beard * (1.0 + 0.5 * hair + 0.25 * lock))
        on *= min(beard * np.float32(1.6), np.float32(1.0))
        dark = 1.0 + 0.35 * hair
        _mix(
            colour,
            paint[Paint.BEARD] * dark,
            paint[Paint.BEARD + 1] * dark,
            paint[Paint.BEARD + 2] * dark,
            on,
        )
        relief[2] *= 1.0 - 0.8 * on
        relief[0] += 0.35 * on * hair
    if scalp > 0.02:
        hair = _grain(bank, 18, u * 2.1, v * 2.1)
        on = _step(np.float32(0.1), np.float32(0.9), scalp * (1.0 + 0.35 * hair))
        on *= min(scalp * np.float32(1.4), np.float32(1.0))
        dark = 1.0 + 0.3 * hair
        _mix(colour, paint[Paint.HAIR] * dark, paint[Paint.HAIR + 1] * dark, paint[Paint.HAIR + 2] * dark, on)
        relief[2] *= 1.0 - 0.7 * on
    # lash line
    rim = f[Field.EYE_RIM]
    if rim < 4.0:
        line = 1.0 - _step(np.float32(0.0), paint[Paint.LINER], rim)
        _mix(colour, np.float32(0.012), np.float32(0.009), np.float32(0.008), line * paint[Paint.LASH])


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def skin_albedo(fields, uv, paint, bank):
    """[P, 3] linear RGB of skin at vertices: fields [P, F], uv [P, 2]; paint and bank as in `shade`."""
    out = np.zeros((len(fields), 3), np.float32)
    relief = np.zeros(4, np.float32)
    for p in range(len(fields)):
        _paint_skin(out[p], fields[p], uv[p, 0], uv[p, 1], paint, bank, relief)
    return out


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _paint_eye(colour, u, v, nx, ny, paint, bank, relief):
    """(u, v): mm from the eye's axis in head space."""
    du, dv = u - paint[Paint.GAZE], v - paint[Paint.GAZE + 1]
    r = np.sqrt(du * du + dv * dv)
    iris_r = paint[Paint.IRIS_RADIUS]
    vein = _grain(bank, 4 + 1, u * 0.04, v * 0.04)
    colour[0], colour[1], colour[2] = 0.44 + 0.03 * vein, 0.39 + 0.04 * vein, 0.36 + 0.04 * vein
    away = min(abs(u) * np.float32(0.07), np.float32(1.0))
    _mix(colour, np.float32(0.30), np.float32(0.19), np.float32(0.17), 0.6 * away)
    if r < iris_r + 0.6:
        angle = np.arctan2(dv, du)
        ray = _grain(bank, 20, angle * np.float32(0.6), r * 0.05)
        inner = 0.55 + 0.45 * ray + 0.5 * (1.0 - r / iris_r)
        limbus = 1.0 - 0.65 * _step(iris_r * np.float32(0.75), iris_r, r)
        on = 1.0 - _step(iris_r - np.float32(0.4), iris_r + np.float32(0.5), r)
        for k in range(3):
            colour[k] += (paint[Paint.IRIS + k] * inner * limbus - colour[k]) * on
        pupil = 1.0 - _step(paint[Paint.PUPIL] - np.float32(0.4), paint[Paint.PUPIL] + np.float32(0.3), r)
        _mix(colour, np.float32(0.004), np.float32(0.004), np.float32(0.005), pupil)
    relief[2] = 1.4
    relief[3] = 180.0


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def shade(
    triangle, weights, triangles, slot, rows, points, normals, ambient, uv, fields, paint, bank,
    view, key, key_colour, shadow, to_light, spread, out,
):  # fmt: skip
    """Linear RGB of every covered pixel, into `out` [H, W, 3].

    Args:
        triangle, weights: The z-buffer's answer; triangles [T, 3]; slot [T] row of `rows` (`Surface.row`).
        points, normals: [P, 3] camera space; ambient [P, 3] light from all around; uv [P, 2].
        fields: [head vertices, F]; paint: see `Paint`; bank: tiles.
        view: [3] where the camera is, mm (camera space; far away without perspective).
        key: [3] direction of the key light; key_colour [3]; shadow: its depth picture;
        to_light: [3, 4] camera space to px and depth of that picture; spread: softness, px.
    """
    height, width = triangle.shape
    colour, relief, f = np.zeros(3, np.float32), np.zeros(4, np.float32), np.zeros(_FIELDS, np.float32)
    zero, one = np.float32(0.0), np.float32(1.0)
    for y in range(height):
        for x in range(width):
            t = triangle[y, x]
            if t < 0:
                continue
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            wb, wc = weights[y, x, 0], weights[y, x, 1]
            wa = one - wb - wc
            row = rows[slot[t]]
            kind = np.int64(row[0])
            nx = wa * normals[a, 0] + wb * normals[b, 0] + wc * normals[c, 0]
            ny = wa * normals[a, 1] + wb * normals[b, 1] + wc * normals[c, 1]
            nz = wa * normals[a, 2] + wb * normals[b, 2] + wc * normals[c, 2]
            px = wa * points[a, 0] + wb * points[b, 0] + wc * points[c, 0]
            py = wa * points[a, 1] + wb * points[b, 1] + wc * points[c, 1]
            pz = wa * points[a, 2] + wb * points[b, 2] + wc * points[c, 2]
            u = wa * uv[a, 0] + wb * uv[b, 0] + wc * uv[c, 0]
            v = wa * uv[a, 1] + wb * uv[b, 1] + wc * uv[c, 1]
            vx, vy, vz = view[0] - px, view[1] - py, view[2] - pz
            length = one / np.sqrt(vx * vx + vy * vy + vz * vz)
            vx, vy, vz = vx * length, vy * length, vz * length
            relief[0] = zero
            relief[1] = zero
            wrap_r, wrap_g, wrap_b = zero, zero, zero
            tangent_shine = zero
            if kind == _SKIN:
                for k in range(_FIELDS):
                    f[k] = wa * fields[a, k] + wb * fields[b, k] + wc * fields[c, k]
                _paint_skin(colour, f, u, v, paint, bank, relief)
                wrap_r, wrap_g, wrap_b = np.float32(0.24), np.float32(0.10), np.float32(0.06)
            elif kind == _EYE:
                _paint_eye(colour, u, v, nx, ny, paint, bank, relief)
            elif kind == _MOUTH:
                colour[0], colour[1], colour[2] = 0.16, 0.035, 0.03
                relief[2], relief[3] = 0.15, 30.0
            elif kind == _TEETH:
                colour[0], colour[1], colour[2] = (
                    paint[Paint.TEETH],
                    paint[Paint.TEETH + 1],
                    paint[Paint.TEETH + 2],
                )
                relief[2], relief[3] = 0.25, 40.0
            elif kind == _TONGUE:
                colour[0], colour[1], colour[2] = 0.36, 0.12, 0.11
                relief[2], relief[3] = 0.2, 25.0
            else:
                grain = _grain(bank, np.int64(row[7]), u * row[8], v * row[9])
                mix = row[10] * (0.5 + 0.5 * grain)
                for k in range(3):
                    colour[k] = row[1 + k] + (row[4 + k] - row[1 + k]) * mix
                relief[2], relief[3] = row[11], row[12]
                relief[0] = row[13] * grain
                if kind == _LIMB:
                    wrap_r, wrap_g, wrap_b = np.float32(0.24), np.float32(0.10), np.float32(0.06)
                if kind == _HAIR:
                    wrap_r = wrap_g = wrap_b = np.float32(0.25)
            if nx * vx + ny * vy + nz * vz < zero and kind != _SKIN:
                nx, ny, nz = -nx, -ny, -nz
            nx += relief[0] * np.float32(0.5)
            ny += relief[1] * np.float32(0.5)
            length = one / np.sqrt(nx * nx + ny * ny + nz * nz + np.float32(1e-12))
            nx, ny, nz = nx * length, ny * length, nz * length
            facing = nx * key[0] + ny * key[1] + nz * key[2]
            lit = zero
            if facing > -0.3:
                lx = to_light[0, 0] * px + to_light[0, 1] * py + to_light[0, 2] * pz + to_light[0, 3]
                ly = to_light[1, 0] * px + to_light[1, 1] * py + to_light[1, 2] * pz + to_light[1, 3]
                lz = to_light[2, 0] * px + to_light[2, 1] * py + to_light[2, 2] * pz + to_light[2, 3]
                lit = _lit_share(shadow, lx, ly, lz, spread, (x & 1) + 2 * (y & 1))
            if kind == _TEETH:
                lit = max(lit, np.float32(0.4))  # the lips' shadow is coarser than the gap between them
            am_r = wa * ambient[a, 0] + wb * ambient[b, 0] + wc * ambient[c, 0]
            am_g = wa * ambient[a, 1] + wb * ambient[b, 1] + wc * ambient[c, 1]
            am_b = wa * ambient[a, 2] + wb * ambient[b, 2] + wc * ambient[c, 2]
            dr = max(facing + wrap_r, zero) / (one + wrap_r) * lit
            dg = max(facing + wrap_g, zero) / (one + wrap_g) * lit
            db = max(facing + wrap_b, zero) / (one + wrap_b) * lit
            hx, hy, hz = key[0] + vx, key[1] + vy, key[2] + vz
            length = one / np.sqrt(hx * hx + hy * hy + hz * hz + np.float32(1e-12))
            shine = zero
            if lit <= zero or relief[2] <= zero:
                pass  # no highlight, and no power to raise for it
            elif kind == _HAIR:
                gloss = max((nx * hx + ny * hy + nz * hz) * length, zero)
                gloss *= gloss
                gloss *= gloss
                gloss *= gloss
                tangent_shine = (
                    relief[2]
                    * gloss
                    * (0.6 + 0.8 * _grain(bank, np.int64(row[7]), u * row[8] + 0.11, v * 0.3))
                )
                tangent_shine = max(tangent_shine, zero) * lit
            elif facing > zero:
                half = max((nx * hx + ny * hy + nz * hz) * length, zero)
                grazing = one - max(nx * vx + ny * vy + nz * vz, zero)
                fresnel = np.float32(0.35) + np.float32(1.3) * grazing * grazing * grazing * grazing
                shine = relief[2] * fresnel * half ** relief[3] * lit * max(min(facing * 4.0, one), zero)
                shine *= (relief[3] + np.float32(8.0)) * np.float32(0.045)
            sky = relief[2] * np.float32(0.10) * (am_r + am_g + am_b) * np.float32(0.33)
            if kind in (_EYE, _TEETH):
                sky *= np.float32(0.4)
            glow = row[15]
            out[y, x, 0] = (
                colour[0] * (am_r + dr * key_colour[0] + glow) + (shine + tangent_shine) * key_colour[0] + sky
            )
            out[y, x, 1] = (
                colour[1] * (am_g + dg * key_colour[1] + glow) + (shine + tangent_shine) * key_colour[1] + sky
            )
            out[y, x, 2] = (
                colour[2] * (am_b + db * key_colour[2] + glow) + (shine + tangent_shine) * key_colour[2] + sky
            )
