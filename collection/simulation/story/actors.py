"""All road users of a story."""

from collections.abc import Sequence

import numpy as np

from .actor import Actor
from .conditions import Traffic
from .pedestrians import draw_crossing, draw_walking
from .ride import Ride
from .route import Route
from .streams import Stream, stream
from .vehicles import draw_ahead, draw_behind, draw_oncoming, draw_parked


def plan_actors(
    seed: int, route: Route, ride: Ride, traffic: Traffic, seconds: float
) -> tuple[Actor, ...]:
    """Draw all road users that come in sight during a drive.

    Parameters
    ----------
    seed
        Same seed, same road users.
    route, ride
        Where the own car goes, and when.
    traffic
        How many there are.
    seconds
        Length of the drive.
    """
    rng = stream(seed, Stream.TRAFFIC)
    vehicles = [
        *draw_ahead(rng, ride, traffic, seconds),
        *draw_behind(rng, ride, seconds),
        *draw_oncoming(rng, route, ride, traffic, seconds),
        *draw_parked(rng, route, ride, seconds),
    ]
    people = [
        *draw_walking(rng, route, ride, traffic, seconds),
        *draw_crossing(rng, route, ride, traffic, seconds, vehicles),
    ]
    seen = [
        draft
        for draft in (*vehicles, *people)
        if draft.start_s < draft.end_s and draft.end_s > 0 and draft.start_s < seconds
    ]
    return tuple(
        Actor(
            track_id=number,
            kind=draft.kind,
            size_m=draft.size_m,
            look_seed=draft.look_seed,
            start_s=draft.start_s,
            end_s=draft.end_s,
            motion=draft.motion,
            route=route,
        )
        for number, draft in enumerate(seen)
    )


def actors_near(
    actors: Sequence[Actor],
    ride: Ride,
    time_s: float,
    *,
    ahead_m: float = 250.0,
    behind_m: float = 30.0,
) -> list[Actor]:
    """Give who is present at a time and near the own car along the route, the furthest first.

    Parameters
    ----------
    actors, ride
        Of the story.
    time_s
        One time on the phone's clock.
    ahead_m, behind_m
        How far along the route.
    """
    now = np.array([time_s])
    own_m = float(ride.distance_m(now)[0])
    found = []
    for actor in actors:
        if actor.start_s <= time_s <= actor.end_s:
            away_m = float(actor.along(now).distance_m[0]) - own_m
            if -behind_m <= away_m <= ahead_m:
                found.append((away_m, actor))
    return [actor for _, actor in sorted(found, key=lambda pair: -pair[0])]
