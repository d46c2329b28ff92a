"""Maps after learning at test time: each session's frames are asked of what that session made of the network."""

import copy
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.adaptation.learner import SessionLearner
from dashgaze.models.adaptation.options import AdaptOptions
from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.contract.pictures import PictureSource
from dashgaze.models.contract.samples import Samples
from dashgaze.models.feeding.batches import make_batch


def adapted_networks(
    network: GazeNetwork,
    samples: Samples,
    pictures: PictureSource,
    options: AdaptOptions,
    *,
    device: str = "cpu",
) -> Mapping[str, GazeNetwork]:
    """Let a copy of the network live through each session; give the copies by session.

    Parameters
    ----------
    network
        With branches of its own for eyes and landmarks; not changed.
    samples, pictures
        All frames of the sessions.
    options
        How to learn.
    device
        Where it is computed.
    """
    found = {}
    for session in samples.sessions:
        learner = SessionLearner(
            copy.deepcopy(network).to(device), options, heads=None, device=device
        )
        learner.start_session(session)
        rows: NDArray[np.int64] = np.flatnonzero(samples.session_id == session)
        for first in range(0, len(rows), options.batch_size):
            chosen = rows[first : first + options.batch_size]
            batch = make_batch(samples, pictures, chosen, [session], network.picture_sizes_px)
            learner.learn(batch.to(device))
        found[session] = learner.network.eval()
    return found
