"""The graphics card, as far as torch sees one."""

from importlib.util import find_spec

from .finding import Finding
from .probe import Broken, probe

_TORCH = """
import torch
found["version"] = torch.__version__
found["cards"] = [
    [torch.cuda.get_device_name(n), torch.cuda.get_device_properties(n).total_memory]
    for n in range(torch.cuda.device_count())
] if torch.cuda.is_available() else []
found["metal"] = bool(torch.backends.mps.is_available())
if found["cards"]:
    float(torch.ones(8, device="cuda").sum())
"""


def graphics_findings() -> list[Finding]:
    """Look for a card to train on."""
    if find_spec("torch") is None:
        return [_note("No torch, so no graphics card is used; only models need it.")]
    found = probe(_TORCH)
    if isinstance(found, Broken):
        return [
            Finding(
                code="graphics.torch",
                group="graphics",
                level="doubtful",
                what=f"torch is installed and can't be used: {found.reason}.",
                fix="Install the build for this machine, see https://pytorch.org/get-started.",
            )
        ]
    name = f"torch {found['version']}"
    cards = ", ".join(f"{card} with {size / 1e9:.0f} GB" for card, size in found["cards"])
    if cards:
        return [_good(f"{name} trains on {cards}.")]
    if found["metal"]:
        return [_good(f"{name} trains on this Mac's graphics.")]
    return [_note(f"{name}, without a graphics card: small models train on the cores, in hours.")]


def _good(what: str) -> Finding:
    return Finding(code="graphics.torch", group="graphics", level="good", what=what)


def _note(what: str) -> Finding:
    return Finding(code="graphics.torch", group="graphics", level="note", what=what)
