"""The three networks of MTCNN, as functions of a picture and published weights.

After Zhang, Zhang, Li, Qiao, "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional
Networks", IEEE Signal Processing Letters 23(10), 2016, figure 2. All take red, green and blue as
(value - 127.5) / 128, shape (n, 3, height, width).
"""

from typing import TYPE_CHECKING, Any

from dashgaze.errors import InputError

if TYPE_CHECKING:
    import torch

    State = dict[str, torch.Tensor]

# Convolutions (channels out, in, side) and dense layers (out, in) by name.
_SHAPES: dict[str, dict[str, tuple[int, ...]]] = {
    "pnet": {
        "conv1": (10, 3, 3, 3),
        "conv2": (16, 10, 3, 3),
        "conv3": (32, 16, 3, 3),
        "conv4_1": (2, 32, 1, 1),
        "conv4_2": (4, 32, 1, 1),
    },
    "rnet": {
        "conv1": (28, 3, 3, 3),
        "conv2": (48, 28, 3, 3),
        "conv3": (64, 48, 2, 2),
        "dense4": (128, 576),
        "dense5_1": (2, 128),
        "dense5_2": (4, 128),
    },
    "onet": {
        "conv1": (32, 3, 3, 3),
        "conv2": (64, 32, 3, 3),
        "conv3": (64, 64, 3, 3),
        "conv4": (128, 64, 2, 2),
        "dense5": (256, 1152),
        "dense6_1": (2, 256),
        "dense6_2": (4, 256),
        "dense6_3": (10, 256),
    },
}
_SLOPES = {"pnet": (10, 16, 32), "rnet": (28, 48, 64, 128), "onet": (32, 64, 64, 128, 256)}

RNET_PX, ONET_PX = 24, 48


class MtcnnNetworks:
    """The networks with their weights.

    Parameters
    ----------
    states
        Tensors by name, by network; see `dashgaze.face_detection.mtcnn_weights`.

    Raises
    ------
    InputError
        If a tensor is missing, or has another shape.
    """

    def __init__(self, states: "dict[str, State]") -> None:
        import torch

        self._torch = torch
        self._states = {
            name: {
                key: value.detach().to(torch.float32)
                for key, value in _checked(name, states.get(name)).items()
            }
            for name in _SHAPES
        }

    def proposals(self, picture: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
        """Look for faces of 12 px at every second place (P-Net).

        Parameters
        ----------
        picture
            Shape (1, 3, height, width), neither side under 12.

        Returns
        -------
        tuple of torch.Tensor
            Probability of a face (rows, columns), and by how much the four edges are off, in widths of
            the box, (4, rows, columns).
        """
        weights, torch = self._states["pnet"], self._torch
        x = self._convolve(picture, weights, 1)
        x = torch.nn.functional.max_pool2d(x, 2, 2, ceil_mode=True)
        x = self._convolve(self._convolve(x, weights, 2), weights, 3)
        face = torch.conv2d(x, weights["conv4_1.weight"], weights["conv4_1.bias"])[0]
        edges = torch.conv2d(x, weights["conv4_2.weight"], weights["conv4_2.bias"])[0]
        return torch.sigmoid(face[1] - face[0]), edges

    def refinements(self, cuts: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
        """Judge cut-outs of 24 × 24 px (R-Net).

        Parameters
        ----------
        cuts
            Shape (n, 3, 24, 24).

        Returns
        -------
        tuple of torch.Tensor
            Probability of a face (n,), and by how much the four edges are off (n, 4).
        """
        weights, torch = self._states["rnet"], self._torch
        x = self._convolve(cuts, weights, 1)
        x = torch.nn.functional.max_pool2d(x, 3, 2, ceil_mode=True)
        x = self._convolve(x, weights, 2)
        x = torch.nn.functional.max_pool2d(x, 3, 2, ceil_mode=True)
        x = self._dense(self._convolve(x, weights, 3), weights, 4)
        return self._face(x, weights, "dense5_1"), self._linear(x, weights, "dense5_2")

    def verdicts(self, cuts: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor, torch.Tensor]":
        """Judge cut-outs of 48 × 48 px and find their landmarks (O-Net).

        Parameters
        ----------
        cuts
            Shape (n, 3, 48, 48).

        Returns
        -------
        tuple of torch.Tensor
            Probability of a face (n,), by how much the four edges are off (n, 4), and x and y of the
            landmarks from the left and top edge, in widths and heights of the box, (n, 2, 5).
        """
        weights, torch = self._states["onet"], self._torch
        x = self._convolve(cuts, weights, 1)
        x = torch.nn.functional.max_pool2d(x, 3, 2, ceil_mode=True)
        x = self._convolve(x, weights, 2)
        x = torch.nn.functional.max_pool2d(x, 3, 2, ceil_mode=True)
        x = self._convolve(x, weights, 3)
        x = torch.nn.functional.max_pool2d(x, 2, 2, ceil_mode=True)
        x = self._dense(self._convolve(x, weights, 4), weights, 5)
        points = self._linear(x, weights, "dense6_3").reshape(-1, 2, 5)
        return self._face(x, weights, "dense6_1"), self._linear(x, weights, "dense6_2"), points

    def _convolve(self, x: "torch.Tensor", weights: "State", number: int) -> "torch.Tensor":
        name = f"conv{number}"
        x = self._torch.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"])
        return self._torch.prelu(x, weights[f"prelu{number}.weight"])

    def _dense(self, x: "torch.Tensor", weights: "State", number: int) -> "torch.Tensor":
        # The networks were trained on transposed pictures: columns before rows, channels last.
        x = self._linear(x.permute(0, 3, 2, 1).flatten(1), weights, f"dense{number}")
        return self._torch.prelu(x, weights[f"prelu{number}.weight"])

    def _linear(self, x: "torch.Tensor", weights: "State", name: str) -> "torch.Tensor":
        return self._torch.nn.functional.linear(
            x, weights[f"{name}.weight"], weights[f"{name}.bias"]
        )

    def _face(self, x: "torch.Tensor", weights: "State", name: str) -> "torch.Tensor":
        values = self._linear(x, weights, name)
        return self._torch.sigmoid(values[:, 1] - values[:, 0])


def _checked(network: str, state: Any) -> "State":
    """Give the tensors of a network, if they are those that it needs."""
    wanted: dict[str, tuple[int, ...]] = {}
    for name, shape in _SHAPES[network].items():
        wanted[f"{name}.weight"], wanted[f"{name}.bias"] = shape, shape[:1]
    for number, count in enumerate(_SLOPES[network], start=1):
        wanted[f"prelu{number}.weight"] = (count,)
    state = state if isinstance(state, dict) else {}
    for name, shape in wanted.items():
        found = getattr(state.get(name), "shape", None)
        if found is None or tuple(found) != shape:
            has = "no such tensor" if found is None else f"one of {tuple(found)}"
            raise InputError(
                f"The weights of {network} should hold {name} of shape {shape}, but there is {has}.",
                fix="Use the weights of facenet-pytorch 2.6.0.",
            )
    return {name: state[name] for name in wanted}
