"""The phone on the windscreen, over adb."""
