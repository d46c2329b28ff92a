"""What to do when the app refuses to start or stop.

The vendor documents the reasons and not their wording, so that words are looked for; the message itself
is always shown as it came.
"""

_TEMPLATE = (
    "On the phone, choose a template without required questions (the default one has none), or answer "
    "them there."
)
_BATTERY = "Charge the phone above 20 %, or change it. The glasses take its only socket: charge before the drive."
_STORAGE = (
    "Free space on the phone: delete recordings that have been offloaded and verified, then empty the "
    "app's trash."
)
_SETUP = "On the phone, finish or close the set-up sheets that cover the app's home screen."
_FIXES = (
    ("already running", "Start again: the running recording is then taken over."),
    ("not running", "Look at the phone: whether the recording was stopped there, and saved."),
    ("template", _TEMPLATE),
    ("workspace", "On the phone, sign in and choose a workspace; that needs the internet once."),
    ("wearer", "On the phone, choose or add a wearer on the app's home screen."),
    ("battery", _BATTERY),
    ("storage", _STORAGE),
    ("memory", _STORAGE),
    ("bottom sheet", _SETUP),
    ("setup", _SETUP),
)

_UNKNOWN = "Look at the phone's screen: the app says there what it wants."


def fix_for_refusal(message: str) -> str:
    """Give what to do about a refusal, by the words of its message."""
    lower = message.lower()
    return next((fix for word, fix in _FIXES if word in lower), _UNKNOWN)
