"""An adb with a phone behind it, made of a folder and a state in JSON.

Commands run in this computer's shell, with the phone's own tools as functions; /sdcard is a folder.
Files grow in real time: each call writes what a camera app would have written since.
"""

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(os.environ["FAKE_PHONE"])
STATE = ROOT / "state.json"
PATTERN = bytes(range(251)) * 8400


def load():
    return json.loads(STATE.read_text())


def save(state):
    new = STATE.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(state))
    new.replace(STATE)


def advance(state):
    """Write what was recorded since the last call."""
    for recording in state["recordings"]:
        end_s = min(time.time(), recording.get("end_s") or 1e18)
        size = int((end_s - recording["begin_s"]) * recording["rate"])
        path = ROOT / recording["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        there = path.stat().st_size if path.exists() else 0
        with path.open("ab") as file:
            while there < size:
                start = there % 251
                piece = PATTERN[start : start + size - there]
                file.write(piece)
                there += len(piece)


def on_key(state, words):
    """What the camera app does on ``input keyevent`` or ``am start``."""
    now_s = time.time()
    if words == state["start_words"]:
        state["start_count"] += 1
        for name in state["will_record"]:
            state["recordings"].append({"file": name, "begin_s": now_s, "rate": state["rate"]})
    if words == state["stop_words"]:
        state["stop_count"] += 1
        for recording in state["recordings"]:
            recording["end_s"] = now_s
            pending = Path(recording["file"])
            if pending.name.startswith(".pending-"):
                name = pending.name.split("-", 2)[2]
                advance(state)
                (ROOT / pending).rename(ROOT / pending.with_name(name))
                recording["file"] = str(pending.with_name(name))


def prelude(state):
    texts = ROOT / "texts"
    skew = state["skew_s"]
    free = state["free_kb"]
    return f"""
dumpsys() {{ cat {shlex.quote(str(texts))}/"$1" 2>/dev/null || echo "Can't find service: $1"; }}
getprop() {{ cat {shlex.quote(str(texts))}/prop.$1 2>/dev/null; }}
settings() {{ cat {shlex.quote(str(texts))}/setting.$3 2>/dev/null || echo null; }}
pm() {{ cat {shlex.quote(str(texts))}/features; }}
am() {{ {sys.executable} {shlex.quote(__file__)} --key am "$@"; }}
input() {{ {sys.executable} {shlex.quote(__file__)} --key input "$@"; }}
date() {{ echo $(( $(command date +%s) + {round(skew)} )); }}
df() {{ printf 'Filesystem     1K-blocks     Used Available Use%% Mounted on\\n/dev/fuse 115010556 1 {free} 72%% /storage/emulated\\n'; }}
""" + (f"df() {{ cat {shlex.quote(str(texts))}/df; }}\n" if (texts / "df").exists() else "")


def main(arguments):
    state = load()
    if arguments[:1] == ["--key"]:
        on_key(state, " ".join(arguments[1:]))
        save(state)
        return 0
    with (ROOT / "calls.log").open("a") as log:
        log.write(json.dumps(arguments) + "\n")
    if arguments[:1] == ["devices"]:
        print("* daemon not running; starting now at tcp:5037\nList of devices attached")
        for serial, status in state["devices"].items():
            extra = (
                " usb:1-1 product:x model:Example_8 transport_id:1" if status == "device" else ""
            )
            print(f"{serial}            {status}{extra}")
        print()
        return 0
    serial = None
    if arguments[:1] == ["-s"]:
        serial, arguments = arguments[1], arguments[2:]
    time.sleep(state["latency_s"])
    names = list(state["devices"])
    if serial is None and len(names) > 1:
        sys.stderr.write("adb: more than one device/emulator\n")
        return 1
    serial = serial or (names[0] if names else None)
    status = state["devices"].get(serial)
    if status is None:
        sys.stderr.write(
            f"adb: device '{serial}' not found\n" if serial else "adb: no devices/emulators found\n"
        )
        return 1
    if status == "unauthorized":
        sys.stderr.write(
            "adb: device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set\n"
        )
        return 1
    if status == "offline":
        sys.stderr.write("adb: device offline\n")
        return 1
    advance(state)
    save(state)
    kind, *rest = arguments
    if kind == "shell" and rest == ["-T"]:
        for line in sys.stdin:
            if line.strip() == "date +%s%N":
                if state["no_nanoseconds"]:
                    print(f"{int(time.time())}N", flush=True)
                else:
                    print(time.time_ns() + int(state["skew_s"] * 1e9), flush=True)
        return 0
    command = rest[0].replace("/sdcard", str(ROOT / "sdcard"))
    process = subprocess.Popen(
        ["bash", "-c", prelude(state) + command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    if kind == "exec-out":
        left = state["disconnect_after_bytes"]
        while piece := process.stdout.read(65536 if left is None else min(65536, left)):
            sys.stdout.buffer.write(piece)
            if left is not None:
                left -= len(piece)
                if left <= 0:
                    sys.stdout.buffer.flush()
                    process.kill()
                    process.communicate()
                    sys.stderr.write("adb: error: failed to read: device disconnected\n")
                    state["disconnect_after_bytes"] = None
                    save(state)
                    return 1
        process.communicate()
        return process.returncode
    out, err = process.communicate()
    sys.stdout.buffer.write(out.replace(str(ROOT / "sdcard").encode(), b"/sdcard"))
    sys.stderr.buffer.write(err)
    return process.returncode


sys.exit(main(sys.argv[1:]))
