"""Forms, boxes, archives and messages that readers read without fault: what the fuzzing starts from.

Each function fills an empty folder. Sessions, recordings and data sets have modules of their own.
"""

import json
import struct
import zipfile
from pathlib import Path

import numpy as np
from seed_sessions import write_faces
from seed_writing import KEY, START_NS, put_json


def write_forms(folder: Path) -> None:
    """Write the small files that people fill in by hand."""
    (folder / "form.yaml").write_text(
        "driver: P07\nweather: rain\npassengers: 1\nminutes: 30\ncar: VW Golf\n"
    )
    (folder / "keys.yaml").write_text("k: cyclist\nt: [tunnel.in, tunnel.out]\n")
    (folder / "phone.yaml").write_text(
        "folders: [/sdcard/DCIM]\ncount: 2\nroad: '*road*'\ndriver: '*front*'\n"
    )
    (folder / "targets.csv").write_text(
        "target_id,time_s,x_px,y_px\na,0,10,10\na,1,20,20\nb,2,5,5\nb,3,5,6\n"
    )
    (folder / "split.yaml").write_text(
        "sessions:\n  session_001: train\n  session_002: test\n  session_003: validation\n"
    )
    (folder / "split.json").write_text(
        '{"drivers": {"D1": "train", "D2": "test", "D3": "validation"}}'
    )
    (folder / "split.csv").write_text(
        "session_id,split\nsession_001,train\nsession_002,test\nsession_003,validation\n"
    )
    (folder / "options.yaml").write_text(
        "model: dashgazenet\nsteps: 100\nnetwork: {size: tiny}\ntrain_sessions: [a, b]\n"
    )
    (folder / "sessions.yaml").write_text("train: [session_001]\nvalidation: [session_002]\n")
    (folder / "CITATION.cff").write_text(
        "cff-version: 1.2.0\ntitle: Gaze\nauthors:\n- given-names: Ada\n  family-names: Example\nlicense: CC-BY-4.0\n"
        "date-released: 2026-01-31\nmessage: Cite it.\n"
    )
    from dashgaze.schemas.about import about_template

    (folder / "about.yaml").write_text(about_template())
    put_json(folder / ".dashgaze-form.json", {"driver": "P07", "car": "VW Golf", "minutes": 30.0})


def write_boxes(folder: Path) -> None:
    """Write boxes and maps that other programs found."""
    from dashgaze.dataset.privacy.box_file import COLUMNS

    rows = [f"road,{i},10,20,30,40,face,0.9" for i in range(10)]
    (folder / "regions.csv").write_text("\n".join([",".join(COLUMNS), *rows, ""]))
    write_faces(folder / "faces.csv")
    names = "session_id,road_frame_index,x_px,y_px,width_px,height_px,class,score,track_id"
    (folder / "objects.csv").write_text(
        "\n".join([names, *[f"session_001,{i},1,2,30,40,car,0.9,{i}" for i in range(9)], ""])
    )
    coco = {
        "images": [
            {"id": i, "file_name": f"session_001/{i:06d}.jpg", "width": 96, "height": 64}
            for i in range(4)
        ],
        "annotations": [
            {"image_id": i, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.8} for i in range(4)
        ],
        "categories": [{"id": 1, "name": "car"}],
    }
    put_json(folder / "coco.json", coco)
    maps = folder / "maps" / "session_001"
    maps.mkdir(parents=True)
    np.save(maps / "000000.npy", np.ones((8, 12), dtype=np.float32))
    import cv2

    picture = np.arange(96 * 64 * 3, dtype=np.uint8).reshape(64, 96, 3)
    cv2.imwrite(str(maps / "000001.png"), picture[..., 0])
    cv2.imwrite(str(folder / "picture.jpg"), picture)
    cv2.imwrite(str(folder / "picture.png"), picture)


def write_zip(folder: Path) -> None:
    """Write an export as the Cloud gives it: an archive."""
    with zipfile.ZipFile(folder / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("info.json", "gaze.csv", "world_timestamps.csv", "scene_camera.json"):
            archive.writestr(
                f"drive-1/{name}", "{}" if name.endswith("json") else "timestamp [ns]\n1\n"
            )


def write_wire(folder: Path) -> None:
    """Write what devices send: packets, reports, answers."""
    (folder / "rtp.bin").write_bytes(
        struct.pack("!BBHII", 0x80, 99, 7, 1000, 5) + struct.pack("!ffB", 500, 600, 255)
    )
    (folder / "rtp_extended.bin").write_bytes(
        struct.pack("!BBHIIHH", 0xB0, 99, 7, 1000, 5, 1, 1) + b"\0" * 20 + b"\x02"
    )
    (folder / "rtcp.bin").write_bytes(
        struct.pack("!BBHIIIIII", 0x80, 200, 6, 5, 3_987_000_000, 5, 1000, 1, 2)
    )
    sensor = {
        "sensor": "gaze",
        "conn_type": "DIRECT",
        "connected": True,
        "ip": "127.0.0.1",
        "port": 8086,
        "params": "camera=gaze",
        "protocol": "rtsp",
        "stream_error": False,
    }
    phone = {
        "battery_level": 80,
        "battery_state": "OK",
        "device_id": "x",
        "device_name": "P",
        "ip": "127.0.0.1",
        "memory": 10**10,
        "memory_state": "OK",
        "time_echo_port": 12321,
    }
    hardware = {
        "version": "2.0",
        "glasses_serial": "a",
        "module_serial": "b",
        "world_camera_serial": "c",
    }
    recording = {"action": "START", "id": "r1", "message": "", "rec_duration_ns": 10**9}
    result = [
        {"model": "Phone", "data": phone},
        {"model": "Hardware", "data": hardware},
        {"model": "Sensor", "data": sensor},
        {"model": "Recording", "data": recording},
    ]
    put_json(folder / "status.json", {"message": "Success", "result": result})
    put_json(folder / "started.json", {"message": "Success", "result": {"id": "r1"}})
    event = {"name": "e", "timestamp": START_NS, "recording_id": "r1"}
    put_json(folder / "event.json", {"message": "Success", "result": event})
    items = [
        {
            "id": KEY,
            "title": "Name",
            "widget_type": "TEXT",
            "required": True,
            "input_type": "any",
            "choices": None,
            "help_text": "",
        }
    ]
    put_json(
        folder / "template.json",
        {
            "message": "Success",
            "result": {
                "id": KEY,
                "name": "t",
                "created_at": "2026-01-01T00:00:00Z",
                "items": items,
                "label_ids": [],
                "is_default_template": True,
                "description": "",
                "archived_at": None,
                "published_at": None,
                "recording_name_format": [],
                "updated_at": "2026-01-01T00:00:00Z",
            },
        },
    )
    body = json.dumps({"message": "Success", "result": result})
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    (folder / "http.txt").write_text(head + body)
    sdp = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=application 0 RTP/AVP 99\r\na=rtpmap:99 com.pupillabs.gaze1/90000\r\na=control:trackID=0\r\n"
    answers = [
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n",
        f"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}",
        "RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 1;timeout=60\r\nTransport: RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001\r\n\r\n",
        "RTSP/1.0 200 OK\r\nCSeq: 4\r\nSession: 1\r\n\r\n",
    ]
    (folder / "rtsp.txt").write_text("\x1e".join(answers), newline="")
    (folder / "address.txt").write_text("192.168.1.20:8080")
    (folder / "message.json").write_text(json.dumps(result[2]))
    batch = {"run": KEY, "seq": 0, "lines": [{"kind": "frame", "media_s": 0.1, "page_ms": 5.0}]}
    put_json(folder / "batch.json", batch)
    (folder / "battery.txt").write_text(
        "  level: 80\n  temperature: 300\n  AC powered: true\n  status: 2\n  Thermal Status: 0\n"
    )
    (folder / "df.txt").write_text(
        "Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/fuse 100 50 50 50% /storage/emulated\n"
    )
    (folder / "listing.txt").write_text(
        "1000|1778571000|/sdcard/DCIM/Camera/VID_1.mp4\n12|1778571000|/sdcard/DCIM/.pending-1-VID_2.mp4\n"
    )
    (folder / "camera.txt").write_text(
        "Number of camera devices: 2\nActive Camera Clients:\n[Client Package Name: com.x.y]\nfeature:android.hardware.camera.concurrent\n13\n"
    )
