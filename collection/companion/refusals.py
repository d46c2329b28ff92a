"""What to do when the app refuses to start or stop.

The vendor documents the reasons and not their wording, so that words are looked for; the message itself
is always shown as it came.
"""

_FIXES = (
    ("already running", "Start again: the running recording is then taken over."),
    ("not running", "Look at the phone: whether the recording was stopped there, and saved."),
    (
        "template",
        "On the phone, choose a template without required questions (the default one has none), or "
        "answer them there.",
    ),
    (
        "workspace",
        "On the phone, sign in and choose a workspace; that needs the internet once.",
    ),
    ("wearer", "On the phone, choose or add a wearer on the app's home screen."),
    (
        "battery",
        "Charge the phone above 20 %, or change it. The glasses take its only socket: charge before "
        "the drive.",
    ),
    (
        "storage",
        "Free space on the phone: delete recordings that have been offloaded and verified, then empty "
        "the app's trash.",
    ),
    ("memory", "Free space on the phone: delete recordings that have been offloaded and verified."),
    (
        "bottom sheet",
        "On the phone, finish or close the set-up sheets that cover the app's home screen.",
    ),
    ("setup", "On the phone, finish or close the set-up sheets that cover the app's home screen."),
)

_UNKNOWN = "Look at the phone's screen: the app says there what it wants."


def fix_for_refusal(message: str) -> str:
    """Give what to do about a refusal, by the words of its message."""
    lower = message.lower()
    return next((fix for word, fix in _FIXES if word in lower), _UNKNOWN)
