"""The simulation's lens is that of the alignment, found another way."""

import numpy as np

from dashgaze.alignment.camera import undistort_points
from dashgaze.collection.simulation.drive_tracker import scene_camera
from dashgaze.collection.simulation.lens import Lens


def test_rays_and_pixels_are_each_others_inverse_and_agree_with_the_alignment():
    camera = scene_camera()
    lens = Lens(camera)
    pixels = np.stack(np.meshgrid(np.arange(0, 1088, 40.0), np.arange(0, 1080, 40.0)), -1)
    pixels = pixels.reshape(-1, 2)
    rays = lens.rays(pixels)
    expected = undistort_points(pixels, camera.matrix, camera.distortion)
    np.testing.assert_allclose(rays[:, :2] * 766, expected * 766, atol=1e-5)
    np.testing.assert_allclose(lens.pixels(rays[:, :2]), pixels, atol=1e-5)
    assert lens.rays(np.empty((0, 2))).shape == (0, 3)
