"""Time and space: clocks, sync by sound, resampling to frames.

Knows arrays, files and clocks, not session folders.
"""
