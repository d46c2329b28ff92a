"""The story of a simulated drive: all that happens, as exact functions of time, without a pixel.

`plan_story` makes a `Story` out of a seed, conditions and a length; `labels.simulate_labels` writes the frame
tables of whole populations of drives without pictures. World axes are x east, y down, z north; the
ground is the plane y = 0. Times are seconds on the phone's clock.

What is easier than reality:

- The world is flat. The road has one lane in each direction, bends that were made for driving (no
  junction is turned at) and never leads back to itself.
- Nobody overtakes or changes lanes. Who drives ahead does what the own car does some seconds later;
  the other direction never stops; who is parked stays so; nobody on the pavement minds anybody else.
- Gaze depends on what `Effects` says and on nothing else: not on what there is to see (but for the choice
  of road users), on the weather, on the task or on fatigue. Bends are followed without learning them.
  Fixations on scenery may lie behind a building.
- Both eyes are one point, which the car carries; the head turns about its neck without moving that point.
  Saccades go straight, by one main sequence and without overshoot; pursuit is perfect.
- The head follows gaze by one linear rule, the same for all drivers.
- The eye tracker's error is constant, slow or white: it does not grow towards the edge of the view, and
  nothing slips. Blinks are its only losses in a full story.
- The receiver of satellite signals has errors that know nothing of buildings.
"""

from .actor import ACTOR_KINDS, Actor
from .conditions import Conditions, Driver, draw_conditions, draw_driver
from .effects import Effects
from .poses import Poses
from .ride import Ride
from .route import ZONES, Route
from .story import Story, plan_story

__all__ = [
    "ACTOR_KINDS",
    "ZONES",
    "Actor",
    "Conditions",
    "Driver",
    "Effects",
    "Poses",
    "Ride",
    "Route",
    "Story",
    "draw_conditions",
    "draw_driver",
    "plan_story",
]
