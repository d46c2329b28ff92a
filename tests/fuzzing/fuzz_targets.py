"""All readers of the project, each with files that it can read.

Readers that look at the same files share a target. Each of them is called, whatever another one said.
"""

from pathlib import Path

import fuzz_seeds
import seed_datasets
import seed_recordings
import seed_sessions
from fuzz_running import Target
from read_calls import every
from read_sessions import (
    read_derived_records,
    read_derived_tables,
    read_field,
    read_manifest,
    read_media,
    read_recordings,
    read_sensor_files,
    read_session_checks,
    read_stages,
    read_tracks,
)
from read_wire import read_answers, read_stream, read_wire


def read_forms(folder: Path) -> None:
    from dashgaze.collection.phone.camera_hooks import CameraAppHooks
    from dashgaze.collection.record import (
        read_event_keys,
        read_form,
        read_phone_config,
        suggestions,
    )
    from dashgaze.collection.targets import read_targets
    from dashgaze.dataset.exchange.bids_papers import read_citation
    from dashgaze.dataset.splits.split_file import read_split_file
    from dashgaze.dataset.splits.split_session import SplitSession
    from dashgaze.models.training.options_file import (
        read_sessions_file,
        read_train_options,
        train_options,
    )
    from dashgaze.schemas.about import read_about

    sessions = [
        SplitSession(session_id=f"session_00{n}", driver_id=f"D{n}", frame_count=9)
        for n in (1, 2, 3)
    ]

    def phone() -> None:
        config = read_phone_config(folder / "phone.yaml")
        CameraAppHooks.from_mapping({name: config.get(name) for name in ("start", "stop")})

    every(
        [
            lambda: read_form(folder / "form.yaml"),
            lambda: suggestions(folder),
            lambda: read_event_keys(folder / "keys.yaml"),
            phone,
            lambda: read_targets(folder / "targets.csv", size_px=(96, 64)),
            *[
                lambda end=end: read_split_file(folder / f"split.{end}", sessions)
                for end in ("yaml", "json", "csv")
            ],
            lambda: train_options(read_train_options(folder / "options.yaml")),
            lambda: read_sessions_file(folder / "sessions.yaml"),
            lambda: read_citation(folder),
            lambda: read_about(folder / "about.yaml"),
        ]
    )


def read_boxes(folder: Path) -> None:
    from dashgaze.analysis.objects.box_coco import read_box_coco
    from dashgaze.analysis.objects.box_csv import read_box_csv
    from dashgaze.analysis.saliency.map_folder import find_maps, read_map
    from dashgaze.dataset.privacy.box_file import read_boxes as read_regions
    from dashgaze.densities.grid import Grid
    from dashgaze.face_detection.face_file import read_face_file
    from dashgaze.stages.picture_file import read_luma

    def maps() -> None:
        found = find_maps(folder / "maps", ["session_001"])
        for path in found.paths["session_001"].values():
            read_map(path, (96, 64), Grid(columns=16, rows=9))

    every(
        [
            lambda: read_regions(folder / "regions.csv"),
            lambda: read_face_file(folder / "faces.csv"),
            lambda: read_box_csv(folder / "objects.csv"),
            lambda: read_box_coco(folder / "coco.json"),
            maps,
            lambda: read_luma(folder / "picture.jpg"),
            lambda: read_luma(folder / "picture.png"),
        ]
    )


def read_zip(folder: Path) -> None:
    from dashgaze.collection.importing.unzip import is_recording_zip, list_members

    every(
        [
            lambda: is_recording_zip(folder / "export.zip"),
            lambda: list_members(folder / "export.zip"),
        ]
    )


def read_published(folder: Path) -> None:
    from dashgaze.dataset.exchange.published import read_published as read

    for session in read(folder).sessions:
        session.summary()
        if session.pictures is not None:
            for kind in session.pictures.kinds:
                session.pictures.read(kind, 0)
            session.pictures.close()


def read_dataset(folder: Path) -> None:
    from dashgaze.analysis.study.packed_dataset import open_dataset
    from dashgaze.dataset.exchange.packed import open_packed, verify_packed
    from dashgaze.dataset.reading.card import read_card
    from dashgaze.dataset.reading.validate import validate
    from dashgaze.schemas.dataset_manifest import read_dataset_manifest

    place = folder / "dashgaze"

    def studied() -> None:
        data = open_dataset(place)
        for name in data.rows:
            data.session(name)

    def packed() -> None:
        dataset = open_packed(place)
        dataset.session_rows()
        verify_packed(dataset)

    every(
        [
            lambda: read_dataset_manifest(place),
            lambda: read_card(place),
            lambda: validate(place, release=True),
            packed,
            studied,
        ]
    )


def load_dataset(folder: Path) -> None:
    import datasets
    import pyarrow as pa

    from dashgaze.dataset.reading.loading import load_dataset as load
    from dashgaze.errors import InputError

    datasets.disable_progress_bars()
    datasets.config.HF_DATASETS_CACHE = folder.parent / "hf_cache"
    for name in ("frames", "sessions", "videos"):
        rows = load(name, folder / "dashgaze", split="train", streaming=True)
        try:
            list(rows.take(2))
        except (pa.ArrowException, OSError, ValueError) as error:
            # Rows of a stream are read by the library, after `load` has given it; its errors are its own.
            raise InputError("A page of the shard is damaged.") from error


def read_models(folder: Path) -> None:
    from dashgaze.models.baselines.storing import load_baseline
    from dashgaze.models.networks.weight_file import read_weights
    from dashgaze.models.training.checkpoint import load_checkpoint
    from dashgaze.models.training.log import read_log
    from dashgaze.models.training.outcome import run_summary

    every(
        [
            lambda: load_checkpoint(folder / "run"),
            lambda: read_log(folder / "run"),
            lambda: run_summary(folder / "run"),
            lambda: read_weights(folder / "weights.pt"),
            lambda: load_baseline(folder / "baseline"),
        ]
    )


def targets() -> dict[str, Target]:
    """Give all targets by name."""
    session = {"make": seed_sessions.write_session, "seeds": "session"}
    made = [
        Target(name="manifest", read=read_manifest, files=("session.yaml",), **session),
        Target(
            name="checks",
            read=read_session_checks,
            files=("session.yaml", "phone/*", "eye_tracker/*", "derived/*"),
            **session,
        ),
        Target(
            name="streams", read=read_sensor_files, files=("phone/*", "eye_tracker/*"), **session
        ),
        Target(
            name="records",
            read=read_derived_records,
            files=("derived/*.json", "truth/*.json"),
            **session,
        ),
        Target(
            name="tables",
            read=read_derived_tables,
            files=("derived/*.parquet", "derived/frames.json"),
            **session,
        ),
        Target(name="stages", read=read_stages, files=("derived/*",), **session),
        Target(name="field", read=read_field, files=("field/**/*",), **session),
        Target(name="invisible", make=seed_recordings.write_invisible, read=read_recordings),
        Target(name="neon", make=seed_recordings.write_neon, read=read_recordings),
        Target(name="cloud", make=seed_recordings.write_cloud, read=read_recordings),
        Target(name="tracks", make=seed_recordings.write_tracks, read=read_tracks),
        Target(name="forms", make=fuzz_seeds.write_forms, read=read_forms),
        Target(name="media", make=seed_sessions.write_media, read=read_media),
        Target(name="boxes", make=fuzz_seeds.write_boxes, read=read_boxes),
        Target(name="zip", make=fuzz_seeds.write_zip, read=read_zip),
        Target(name="published", make=seed_datasets.write_published, read=read_published),
        Target(
            name="dataset", make=seed_datasets.write_dataset, read=read_dataset, seeds="dataset"
        ),
        Target(
            name="loading", make=seed_datasets.write_dataset, read=load_dataset, seeds="dataset"
        ),
        Target(name="models", make=seed_datasets.write_models, read=read_models),
        Target(name="wire", make=fuzz_seeds.write_wire, read=read_wire, refuses=(ValueError,)),
        Target(
            name="answers",
            make=fuzz_seeds.write_wire,
            read=read_answers,
            files=("*.json", "http.txt"),
            seeds="wire",
        ),
        Target(
            name="rtsp",
            make=fuzz_seeds.write_wire,
            read=read_stream,
            files=("rtsp.txt",),
            seeds="wire",
            ends_well=False,
        ),
    ]
    return {target.name: target for target in made}
