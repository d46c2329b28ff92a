"""Draws textured triangles into a picture, nearest first or not.

Scan lines with perspective-correct places in the texture every eight to thirty-two pixels and straight ones
between, as early 3-D games did it, so far apart that no place is off by more than a tenth of a texel;
two-by-two filtering in the texture's copy of the right size, and a depth test. Each corner has a light and a
haze, which fade between corners.
"""

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

NEAR_M = 0.05
_STEPS = (32, 16, 8)
_MOST_BEND = 0.1

F32 = NDArray[np.float32]


@compiled
def draw_triangles(
    corners_m: F32,
    uv: F32,
    light: F32,
    texture: NDArray[np.int32],
    camera_from_body: NDArray[np.float64],
    matrix: F32,
    lighting: F32,
    car_from_camera: F32,
    texels: NDArray[np.uint32],
    starts: NDArray[np.int64],
    widths: NDArray[np.int64],
    heights: NDArray[np.int64],
    levels: NDArray[np.int64],
    y_plane: NDArray[np.uint8],
    u_plane: NDArray[np.uint8],
    v_plane: NDArray[np.uint8],
    nearness: F32,
) -> None:
    """Draw triangles.

    Parameters
    ----------
    corners_m, uv, light, texture
        As in `Mesh`.
    camera_from_body
        Rotation and, in the last column, translation, shape (3, 4); in double precision, as ten kilometres
        from the origin single precision is off by a millimetre, which trembles.
    matrix
        Focal lengths and principal point (fx, fy, cx, cy), px.
    lighting
        (ambient, haze density per m, haze brightness, headlamp, glow), see `Lighting`.
    car_from_camera
        Shape (3, 4), for the headlamps.
    texels, starts, widths, heights, levels
        The atlas.
    y_plane, u_plane, v_plane, nearness
        What is drawn into: brightness (h, w), colours (h / 2, w / 2), and 1 / depth in 1/m (h, w), 0 for
        nothing yet.
    """
    height, width = y_plane.shape
    fx, fy, cx, cy = matrix[0], matrix[1], matrix[2], matrix[3]
    r, c = camera_from_body, car_from_camera
    ambient, density, haze_y, headlamp, glow_gain = (
        lighting[0],
        lighting[1],
        lighting[2],
        lighting[3],
        lighting[4],
    )
    # Of the (up to four) corners after cutting at the near plane: x, y, z, u, v, light, haze.
    raw = np.empty((3, 7), np.float32)
    cut = np.empty((4, 7), np.float32)
    for number in range(len(texture)):
        in_front = 0
        for k in range(3):
            px, py, pz = corners_m[number, k, 0], corners_m[number, k, 1], corners_m[number, k, 2]
            x = r[0, 0] * px + r[0, 1] * py + r[0, 2] * pz + r[0, 3]
            y = r[1, 0] * px + r[1, 1] * py + r[1, 2] * pz + r[1, 3]
            z = r[2, 0] * px + r[2, 1] * py + r[2, 2] * pz + r[2, 3]
            raw[k, 0], raw[k, 1], raw[k, 2] = x, y, z
            raw[k, 3], raw[k, 4] = uv[number, k, 0], uv[number, k, 1]
            if z > NEAR_M:
                in_front += 1
        if in_front == 0:
            continue
        # Wholly to one side of what the camera sees?
        left = right = above = below = True
        for k in range(3):
            z = max(raw[k, 2], np.float32(0.0))
            sx, sy = fx * raw[k, 0], fy * raw[k, 1]
            left &= sx < -(cx + 1) * z
            right &= sx > (width - cx) * z
            above &= sy < -(cy + 1) * z
            below &= sy > (height - cy) * z
        if left or right or above or below:
            continue
        for k in range(3):
            x, y, z = raw[k, 0], raw[k, 1], raw[k, 2]
            shine = ambient * light[number, k]
            if headlamp > 0:
                # In the car's axes the lamps are at (0, -0.65, 1.9); the light ends 1° below level.
                ax = c[0, 0] * x + c[0, 1] * y + c[0, 2] * z + c[0, 3]
                ay = c[1, 0] * x + c[1, 1] * y + c[1, 2] * z + c[1, 3] + np.float32(0.65)
                az = c[2, 0] * x + c[2, 1] * y + c[2, 2] * z + c[2, 3] - np.float32(1.9)
                if az > 0.3:
                    across, up = ax / az, -ay / az + np.float32(0.017)
                    spread = np.exp(-(across * across) / np.float32(0.18))
                    if up > 0:
                        spread *= np.exp(-up * np.float32(22.0)) * np.float32(0.7) + np.float32(
                            0.06
                        )
                    shine += (
                        headlamp
                        * spread
                        * min(
                            np.float32(1.0),
                            np.float32(500.0)
                            / ((az + np.float32(6.0)) * (az + np.float32(6.0)) + np.float32(80.0)),
                        )
                    )
            distance = np.sqrt(x * x + y * y + z * z)
            clear = np.exp(-density * distance)
            raw[k, 5] = shine * clear
            raw[k, 6] = haze_y * (np.float32(1.0) - clear)
        corners = 0
        for k in range(3):
            nxt = (k + 1) % 3
            inside, next_inside = raw[k, 2] > NEAR_M, raw[nxt, 2] > NEAR_M
            if inside:
                cut[corners] = raw[k]
                corners += 1
            if inside != next_inside:
                share = (np.float32(NEAR_M) - raw[k, 2]) / (raw[nxt, 2] - raw[k, 2])
                for j in range(7):
                    cut[corners, j] = raw[k, j] + share * (raw[nxt, j] - raw[k, j])
                cut[corners, 2] = np.float32(NEAR_M)
                corners += 1
        which = texture[number]
        start, tex_w, tex_h, copies = (
            starts[which],
            widths[which],
            heights[which],
            levels[which],
        )
        for piece in range(corners - 2):
            _fill(
                cut[0],
                cut[piece + 1],
                cut[piece + 2],
                fx,
                fy,
                cx,
                cy,
                texels,
                start,
                tex_w,
                tex_h,
                copies,
                glow_gain,
                y_plane,
                u_plane,
                v_plane,
                nearness,
            )


@compiled
def _fill(
    a: F32,
    b: F32,
    c: F32,
    fx: float,
    fy: float,
    cx: float,
    cy: float,
    texels: NDArray[np.uint32],
    start: int,
    tex_w: int,
    tex_h: int,
    copies: int,
    glow_gain: float,
    y_plane: NDArray[np.uint8],
    u_plane: NDArray[np.uint8],
    v_plane: NDArray[np.uint8],
    nearness: F32,
) -> None:
    """Draw one triangle whose corners are all in front of the camera."""
    height, width = y_plane.shape
    wa, wb, wc = 1.0 / a[2], 1.0 / b[2], 1.0 / c[2]
    xa, ya = fx * a[0] * wa + cx, fy * a[1] * wa + cy
    xb, yb = fx * b[0] * wb + cx, fy * b[1] * wb + cy
    xc, yc = fx * c[0] * wc + cx, fy * c[1] * wc + cy
    area = (xb - xa) * (yc - ya) - (xc - xa) * (yb - ya)
    if abs(area) < 1e-3:
        return
    top, bottom = min(ya, yb, yc), max(ya, yb, yc)
    first, last = max(0, int(np.ceil(top))), min(height - 1, int(np.floor(bottom)))
    if first > last or max(xa, xb, xc) < 0 or min(xa, xb, xc) > width - 1:
        return
    # Slopes in x and y of 1/z and of everything over z: they are straight in the picture.
    inverse = 1.0 / area
    bx, by, ex, ey = xb - xa, yb - ya, xc - xa, yc - ya
    uw = (a[3] * tex_w * wa, b[3] * tex_w * wb, c[3] * tex_w * wc)
    vw = (a[4] * tex_h * wa, b[4] * tex_h * wb, c[4] * tex_h * wc)
    lw = (a[5] * wa, b[5] * wb, c[5] * wc)
    hw = (a[6] * wa, b[6] * wb, c[6] * wc)
    w_x = ((wb - wa) * ey - (wc - wa) * by) * inverse
    w_y = ((wc - wa) * bx - (wb - wa) * ex) * inverse
    u_x = ((uw[1] - uw[0]) * ey - (uw[2] - uw[0]) * by) * inverse
    u_y = ((uw[2] - uw[0]) * bx - (uw[1] - uw[0]) * ex) * inverse
    v_x = ((vw[1] - vw[0]) * ey - (vw[2] - vw[0]) * by) * inverse
    v_y = ((vw[2] - vw[0]) * bx - (vw[1] - vw[0]) * ex) * inverse
    l_x = ((lw[1] - lw[0]) * ey - (lw[2] - lw[0]) * by) * inverse
    l_y = ((lw[2] - lw[0]) * bx - (lw[1] - lw[0]) * ex) * inverse
    h_x = ((hw[1] - hw[0]) * ey - (hw[2] - hw[0]) * by) * inverse
    h_y = ((hw[2] - hw[0]) * bx - (hw[1] - hw[0]) * ex) * inverse
    # Level sides have no slope, and no row crosses them.
    slope_ab, slope_bc, slope_ca = (
        (xb - xa) / (yb - ya),
        (xc - xb) / (yc - yb),
        (xa - xc) / (ya - yc),
    )
    for row in range(first, last + 1):
        low, high = np.inf, -np.inf
        for side in range(3):
            if side == 0:
                x0, y0, y1, slope = xa, ya, yb, slope_ab
            elif side == 1:
                x0, y0, y1, slope = xb, yb, yc, slope_bc
            else:
                x0, y0, y1, slope = xc, yc, ya, slope_ca
            if (y0 <= row) != (y1 <= row):
                at = x0 + (row - y0) * slope
                low, high = min(low, at), max(high, at)
        if low > high:
            continue
        begin, end = max(0, int(np.ceil(low))), min(width, int(np.ceil(high)))
        if begin >= end:
            continue
        dx, dy = begin - xa, row - ya
        w = wa + w_x * dx + w_y * dy
        uo = uw[0] + u_x * dx + u_y * dy
        vo = vw[0] + v_x * dx + v_y * dy
        lo = lw[0] + l_x * dx + l_y * dy
        ho = hw[0] + h_x * dx + h_y * dy
        z = 1.0 / w
        u, v, lit, haze = uo * z, vo * z, lo * z, ho * z
        even_row = row % 2 == 0
        y_row, near_row = y_plane[row], nearness[row]
        u_row, v_row = u_plane[row >> 1], v_plane[row >> 1]
        x = begin
        while x < end:
            # The texture's copy in which a texel is about a pixel: the mean of both directions' logarithms.
            du_x, dv_x = (u_x - u * w_x) * z, (v_x - v * w_x) * z
            du_y, dv_y = (u_y - u * w_y) * z, (v_y - v * w_y) * z
            squares = (du_x * du_x + dv_x * dv_x) * (du_y * du_y + dv_y * dv_y)
            level = 0
            if squares > 1.0:
                level = int(0.25 * np.log2(squares) + 0.35)
                level = min(level, copies - 1)
            # A straight span leaves the true curve by n² / 4 · |w'/w| · |u'| texels at the most.
            bend = abs(w_x * z) * (abs(du_x) + abs(dv_x)) / (1 << level)
            count = _STEPS[2]
            for length in _STEPS:
                if 0.25 * length * length * bend < _MOST_BEND:
                    count = length
                    break
            count = min(count, end - x)
            w_next = w + w_x * count
            uo += u_x * count
            vo += v_x * count
            lo += l_x * count
            ho += h_x * count
            z_next = 1.0 / w_next
            u_next, v_next = uo * z_next, vo * z_next
            lit_next, haze_next = lo * z_next, ho * z_next
            share = 1.0 / count
            scale = 1.0 / (1 << level)
            lw_px, lh_px = max(tex_w >> level, 1), max(tex_h >> level, 1)
            base = start
            for higher in range(level):
                base += (tex_w >> higher) * (tex_h >> higher)
            # Places in the copy, light and haze in 1/65536: steps of 1/256 would add up along a span
            # to several hundredths of a texel, and of the light.
            iu0 = int(np.floor((u * scale - 0.5) * 65536.0))
            iv0 = int(np.floor((v * scale - 0.5) * 65536.0))
            su = int(np.floor((u_next - u) * share * scale * 65536.0))
            sv = int(np.floor((v_next - v) * share * scale * 65536.0))
            il0, ih0 = int(lit * 65536.0), int(haze * 65536.0)
            sl, sh = (
                int((lit_next - lit) * share * 65536.0),
                int((haze_next - haze) * share * 65536.0),
            )
            # Unsigned places spare numba the question whether they count from the end.
            mask_u, mask_v = np.uint32(lw_px - 1), np.uint32(lh_px - 1)
            origin, pitch = np.uint64(base), np.uint64(lw_px)
            depth = np.float32(w)
            step = np.float32(w_x)
            for k in range(np.int32(count)):
                at = np.uint64(x + k)
                if depth > near_row[at]:
                    iu, iv = (iu0 + su * k) >> 8, (iv0 + sv * k) >> 8
                    il = (il0 + sl * k) >> 8
                    u0, v0 = np.uint32(iu >> 8) & mask_u, np.uint32(iv >> 8) & mask_v
                    u1, v1 = (u0 + np.uint32(1)) & mask_u, (v0 + np.uint32(1)) & mask_v
                    fu, fv = np.int32(iu & 255), np.int32(iv & 255)
                    upper, lower = origin + np.uint64(v0) * pitch, origin + np.uint64(v1) * pitch
                    t00, t01 = texels[upper + np.uint64(u0)], texels[upper + np.uint64(u1)]
                    t10, t11 = texels[lower + np.uint64(u0)], texels[lower + np.uint64(u1)]
                    if fv >= 128:
                        nearest = t11 if fu >= 128 else t10
                    else:
                        nearest = t01 if fu >= 128 else t00
                    own = np.int32(nearest & np.uint32(255))
                    if own > 0:
                        y00, y01 = np.int32(t00 & np.uint32(255)), np.int32(t01 & np.uint32(255))
                        y10, y11 = np.int32(t10 & np.uint32(255)), np.int32(t11 & np.uint32(255))
                        if y00 == 0 or y01 == 0 or y10 == 0 or y11 == 0:
                            bright = own << np.int32(8)
                        else:
                            above = y00 * np.int32(256) + (y01 - y00) * fu
                            below = y10 * np.int32(256) + (y11 - y10) * fu
                            bright = (above * np.int32(256) + (below - above) * fv) >> np.int32(8)
                        value = ((bright * il) >> 16) + ((ih0 + sh * k) >> 16)
                        glow = np.int32(nearest >> np.uint32(24))
                        if glow > 0:
                            value = max(value, np.int32(glow * glow_gain))
                        y_row[at] = min(max(value, 16), 235)
                        near_row[at] = depth
                        if even_row and at & np.uint64(1) == 0:
                            strength = 256 if glow > 0 else min(il, 256)
                            half = at >> np.uint64(1)
                            u_row[half] = 128 + (
                                (
                                    (np.int32((nearest >> np.uint32(8)) & np.uint32(255)) - 128)
                                    * strength
                                )
                                >> 8
                            )
                            v_row[half] = 128 + (
                                (
                                    (np.int32((nearest >> np.uint32(16)) & np.uint32(255)) - 128)
                                    * strength
                                )
                                >> 8
                            )
                depth += step
            x += count
            w, z, u, v, lit, haze = w_next, z_next, u_next, v_next, lit_next, haze_next
