"""Both cameras show things where their lenses say; the head's turning blurs along itself."""

import cv2
import numpy as np
import pytest

from dashgaze.collection.simulation.drive_tracker import scene_camera
from dashgaze.collection.simulation.lens import Lens
from dashgaze.collection.simulation.scene.atlas import AtlasBuilder, paint
from dashgaze.collection.simulation.scene.cameras import EGO_SIZE_PX, EgoCamera, RoadCamera
from dashgaze.collection.simulation.scene.canvas import Lighting
from dashgaze.collection.simulation.scene.daylight import Daylight
from dashgaze.collection.simulation.scene.mesh import joined, quads
from dashgaze.collection.simulation.scene.world import chained, inverse
from dashgaze.collection.simulation.story.projection import RoadCamera as RoadLens
from dashgaze.collection.simulation.swing import turns

SCENE_CAMERA = scene_camera()
LENS = Lens(SCENE_CAMERA)
ROAD = RoadLens(size_px=(960, 540))
EXPOSED_S = 0.004
"""How long the shutter is open by day."""


def pose(yaw_deg, pitch_deg, roll_deg, place_m):
    turned = turns(*(np.array([float(each)]) for each in (yaw_deg, pitch_deg, roll_deg)))[0]
    return np.column_stack([turned, place_m])


WORLD_FROM_CAR = pose(35.0, 0.7, -1.1, (820.0, 0.03, 1650.0))
CAR_FROM_EGO = pose(-6.0, -3.0, 2.5, (0.39, -1.19, 0.06))
CAR_FROM_ROAD = pose(1.5, -2.0, 0.6, (0.0, -1.27, 0.52))


class Lights:
    """A dark world with soft bright spots that face the camera; `radius_m` is that of half brightness."""

    def __init__(
        self, camera_from_spot_m, car_from_camera, *, radius_m=0.03, grey=170.0, weather="clear"
    ):
        self.daylight = Daylight(lighting="day", weather=weather, sun_azimuth_rad=0.0)
        world_from_camera = chained(WORLD_FROM_CAR, car_from_camera)
        y, x = np.mgrid[:64, :64] - 31.5
        soft = 16 + (grey - 16) * 0.5 ** ((x**2 + y**2) / 12**2)
        builder = AtlasBuilder()
        builder.add("spot", paint(np.repeat(soft[..., None], 3, axis=2).astype(np.float32)))
        self._atlas = builder.build()
        face = np.array([[-1, 1, 0], [1, 1, 0], [1, -1, 0], [-1, -1, 0]]) * radius_m * 32 / 12
        middles = np.asarray(camera_from_spot_m, dtype=np.float64)
        mesh = joined([quads((middle + face)[None], 0) for middle in middles])
        self._mesh = mesh.moved(world_from_camera[:, :3], world_from_camera[:, 3])
        self.asked = []

    def draw(self, canvas, standing, *, world_from_car, car_from_camera, **more):
        self.asked.append(more | {"standing": standing})
        canvas.clear()
        camera_from_world = inverse(chained(world_from_car, car_from_camera))
        canvas.draw(self._mesh, self._atlas, camera_from_world, Lighting())


def directions(widest, step):
    tangents = np.arange(-widest, widest + 1e-9, step)
    x, y = np.meshgrid(tangents, tangents)
    return np.stack([x.ravel(), y.ravel(), np.ones(x.size)], axis=-1)


def centroid(luma, around, half=13):
    x, y = (np.arange(round(at) - half, round(at) + half + 1) for at in around)
    weight = np.maximum(luma[np.ix_(y, x)].astype(float) - 30, 0)
    return np.array([(weight * x).sum(), (weight * y[:, None]).sum()]) / weight.sum()


def ego(world, turning_rad_s=(0, 0, 0), *, camera=None, **more):
    camera = camera or EgoCamera(world, LENS, seed=3)
    picture = camera.picture(
        0,
        1.0,
        [],
        distance_m=100.0,
        world_from_car=WORLD_FROM_CAR,
        car_from_ego=CAR_FROM_EGO,
        turning_rad_s=np.array(turning_rad_s, dtype=np.float64),
        **more,
    )
    return picture[: EGO_SIZE_PX[1]].copy()


def test_the_ego_picture_is_distorted_as_opencv_distorts():
    middles = 6.0 * directions(0.8, 0.16)
    expected, _ = cv2.projectPoints(
        middles, np.zeros(3), np.zeros(3), SCENE_CAMERA.matrix, SCENE_CAMERA.distortion
    )
    expected = expected.reshape(-1, 2)
    luma = ego(Lights(middles, CAR_FROM_EGO))
    inside = ((expected > 14) & (expected < np.array(EGO_SIZE_PX) - 15)).all(axis=1)
    assert inside.sum() > 70
    found = np.array([centroid(luma, each) for each in expected[inside]])
    off_px = found - expected[inside]
    assert np.hypot(*off_px.T).max() < 0.1
    assert np.median(np.hypot(*off_px.T)) < 0.03
    assert np.abs(off_px.mean(axis=0)).max() < 0.02
    # A pinhole would be off by much more.
    straight = middles @ SCENE_CAMERA.matrix.T
    straight = straight[:, :2] / straight[:, 2:]
    assert np.hypot(*(straight - expected)[inside].T).max() > 30


def test_the_road_picture_is_a_pinholes():
    middles = 9.0 * directions(0.55, 0.11)
    middles = middles[np.abs(middles[:, 1]) < 9.0 * 0.32]
    camera = RoadCamera(
        Lights(middles, CAR_FROM_ROAD, radius_m=0.06),
        ROAD.size_px,
        ROAD.matrix,
        CAR_FROM_ROAD,
        seed=3,
    )
    picture = camera.picture(0, 1.0, [], distance_m=0.0, world_from_car=WORLD_FROM_CAR)
    assert picture.shape == (540 * 3 // 2, 960)
    expected, _ = cv2.projectPoints(middles, np.zeros(3), np.zeros(3), ROAD.matrix, None)
    expected = expected.reshape(-1, 2)
    inside = ((expected > 14) & (expected < np.array(ROAD.size_px) - 15)).all(axis=1)
    assert inside.sum() > 40
    found = np.array([centroid(picture[:540], each) for each in expected[inside]])
    off_px = found - expected[inside]
    assert np.hypot(*off_px.T).max() < 0.1
    assert np.abs(off_px.mean(axis=0)).max() < 0.02
    x, y = np.rint(expected[inside]).astype(int).T
    np.testing.assert_allclose(camera.nearness[y, x], 1 / 9.0, rtol=1e-5)


def test_only_the_driver_sees_the_inside_of_the_car():
    world = Lights([(0, 0, 5.0)], CAR_FROM_EGO)
    ego(world)
    RoadCamera(world, ROAD.size_px, ROAD.matrix, CAR_FROM_ROAD, seed=1).picture(
        0, 1.0, [], distance_m=7.0, world_from_car=WORLD_FROM_CAR
    )
    assert [asked["with_inside"] for asked in world.asked] == [True, False]
    assert world.asked[1]["distance_m"] == 7.0
    assert world.asked[1]["time_s"] == 1.0


def spread(luma, around, half=40):
    """Give place and second moments of a spot, px and px²."""
    x, y = (np.arange(round(at) - half, round(at) + half + 1) for at in around)
    weight = luma[np.ix_(y, x)].astype(float) - 16
    at = np.array([(weight * x).sum(), (weight * y[:, None]).sum()]) / weight.sum()
    moments = (weight * (x - at[0]) ** 2).sum(), (weight * (y - at[1])[:, None] ** 2).sum()
    return at, np.array(moments) / weight.sum()


@pytest.mark.parametrize(
    ("turning_deg_s", "axis"), [((0, 240, 0), 0), ((0, -130, 0), 0), ((180, 0, 0), 1)]
)
def test_a_turning_head_blurs_along_its_turn_to_both_sides_alike(turning_deg_s, axis):
    middle = np.array([(0.05, -0.05, 1.0)]) * 4.0
    world = Lights(middle, CAR_FROM_EGO, radius_m=0.02)
    camera = EgoCamera(world, LENS, seed=3)
    around = LENS.pixels(middle[:, :2] / middle[:, 2:])[0]
    (at_rest, sharp), (there, smeared) = (
        spread(ego(world, np.radians(turning), camera=camera), around)
        for turning in ((0, 0, 0), turning_deg_s)
    )
    np.testing.assert_allclose(there, at_rest, atol=0.15)
    length_px = LENS.matrix[0, 0] * np.radians(np.abs(turning_deg_s).max()) * EXPOSED_S
    # A line of that length has a variance of a twelfth of its square; a pixel's own width adds to it.
    assert np.sqrt(12 * (smeared - sharp)[axis]) == pytest.approx(length_px, rel=0.12)
    assert abs((smeared - sharp)[1 - axis]) < 0.7


def test_a_head_at_rest_or_tilting_in_the_picture_plane_is_sharp():
    world = Lights([(0.2, 0.1, 4.0)], CAR_FROM_EGO)
    camera = EgoCamera(world, LENS, seed=3)
    still = ego(world, camera=camera)
    np.testing.assert_array_equal(ego(world, np.radians((0, 0, 120)), camera=camera), still)
    assert (ego(world, np.radians((0, 120, 0)), camera=camera) != still).any()


def test_rain_streaks_both_pictures_and_brightens_only():
    place = [(0.2, 0.1, 4.0)]
    dry, wet = (
        ego(Lights(place, CAR_FROM_EGO, weather=weather)).astype(int)
        for weather in ("clear", "rain")
    )
    assert ((wet - dry) > 5).mean() > 0.02
    assert (wet - dry).min() >= 0
    road = [
        RoadCamera(
            Lights(place, CAR_FROM_ROAD, weather=weather),
            ROAD.size_px,
            ROAD.matrix,
            CAR_FROM_ROAD,
            seed=1,
        )
        .picture(0, 1.0, [], distance_m=7.0, world_from_car=WORLD_FROM_CAR)
        .astype(int)[:540]
        for weather in ("clear", "rain")
    ]
    assert ((road[1] - road[0]) > 5).mean() > 0.02
    assert (road[1] - road[0]).min() >= 0


def test_another_seed_gives_other_noise_and_the_same_one_the_same():
    world = Lights([(0.2, 0.1, 4.0)], CAR_FROM_EGO)
    first, again, other = (ego(world, camera=EgoCamera(world, LENS, seed=s)) for s in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.3
