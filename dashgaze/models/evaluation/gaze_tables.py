"""Tables of errors: where on the road, and at which angle."""

from typing import Any

from dashgaze.reports.texts import MISSING, number, percent

from .tables import Row, Table, interval, model_row, skill_words


def location_table(content: dict[str, Any]) -> Table:
    """Give the headline: errors of all models on all judged frames."""
    rows = []
    for model in content["models"]:
        px, frames = model["location"]["all"]["px"], model["location"]["all"]["frames"]
        common = model["location"]["common"]
        boot = px["bootstrap"]
        rows.append(
            model_row(
                content,
                model,
                (
                    number(px["mean"], 1),
                    interval(px["low"], px["high"]),
                    *(
                        (interval(boot["low"], boot["high"]) if boot else MISSING,)
                        if _has_bootstrap(content)
                        else ()
                    ),
                    skill_words(model, "train_median"),
                    skill_words(model, "session_mean"),
                    percent(model["coverage"]["share"]),
                    number(frames["rms_euclid_px"], 1),
                    number(frames["mean_euclid_px"], 1),
                    number(frames["median_euclid_px"], 1),
                    number(frames["mean_percent_of_width"], 2),
                    number(frames["mean_deg"], 2) + ("*" if frames["focal_assumed"] else ""),
                    number(frames["mae_x_px"], 1) + " / " + number(frames["mae_y_px"], 1),
                    number(frames["rmse_x_px"], 1) + " / " + number(frames["rmse_y_px"], 1),
                    MISSING if common is None else number(common["px"]["mean"], 1),
                ),
            )
        )
    assumed = any(m["location"]["all"]["frames"]["focal_assumed"] for m in content["models"])
    star = (
        " * The focal length of the road camera is not known for all sessions; there 69.4° across the picture's "
        "longer side is taken."
        if assumed
        else ""
    )
    head: tuple[str, ...] = (
        "Mean of sessions, px",
        "95 % t-interval, px",
        *(("95 % cluster bootstrap, px",) if _has_bootstrap(content) else ()),
        "Skill to train median",
        "Skill to session mean",
        "Coverage",
        "RMS, px",
        "Mean of frames, px",
        "Median, px",
        "% of width",
        "Degrees",
        "MAE x / y, px",
        "RMSE x / y, px",
        "Frames all answered: mean, px",
    )
    return Table(
        caption="All judged frames; where a model gives no answer, the train median stands in. Means and RMS are "
        "of Euclidean distances; from the RMS on, but for skill and coverage, each frame counts the same."
        + star,
        first="Model",
        head=head,
        rows=tuple(rows),
    )


def _has_bootstrap(content: dict[str, Any]) -> bool:
    return any(model["location"]["all"]["px"]["bootstrap"] for model in content["models"])


def angle_table(content: dict[str, Any]) -> Table:
    """Give the errors of angles."""
    rows = []
    # A model that answers angles alone has no place in the order of locations.
    for model in [*content["models"], *content["angle_only_models"]]:
        angle = model["angle"]
        if not angle:
            continue
        judged = angle["common"] or angle["own"]
        if not judged:
            continue
        deg, frames = judged["deg"], judged["frames"]
        rows.append(
            model_row(
                content,
                model,
                (
                    number(deg["mean"], 2),
                    interval(deg["low"], deg["high"], 1),
                    number(frames["mean_angle_deg"], 2),
                    number(frames["rms_angle_deg"], 2),
                    f"{number(frames['mae_azimuth_deg'], 2)} / {number(frames['mae_elevation_deg'], 2)}",
                    f"{number(frames['rmse_azimuth_deg'], 2)} / {number(frames['rmse_elevation_deg'], 2)}",
                    percent(frames["share_within"].get("5")),
                    percent(frames["share_within"].get("10")),
                    percent(angle["coverage"]["share"]),
                ),
            )
        )
    return Table(
        caption="Errors of the angle, degrees",
        first="Model",
        head=(
            "Mean of sessions",
            "95 % t-interval",
            "Mean of frames",
            "RMS",
            "MAE azimuth / elevation",
            "RMSE azimuth / elevation",
            "Within 5°",
            "Within 10°",
            "Coverage",
        ),
        rows=tuple(rows),
    )


def session_table(content: dict[str, Any]) -> Table:
    """Give the mean error of each session for each model."""
    models = content["models"]
    rows = []
    for place, session in enumerate(models[0]["sessions"]):
        errors = (number(model["sessions"][place]["mean_error_px"], 0) for model in models)
        rows.append(
            Row(
                name=session["session_id"],
                mark=session["driver_id"],
                cells=(number(session["frames"]), *errors),
            )
        )
    return Table(
        caption="Mean error of each session, px",
        first="Session",
        head=("Frames", *(model["name"] for model in models)),
        rows=tuple(rows),
    )


def distance_table(content: dict[str, Any]) -> Table:
    """Give the error by how far gaze is from the vanishing point."""
    models = content["models"]
    bins = models[0]["by_distance"]
    head = tuple(
        f"{number(each['low_px'])} to {number(each['high_px'])} px"
        if each["high_px"] is not None
        else f"from {number(each['low_px'])} px"
        for each in bins
    )
    return Table(
        caption="Mean error, px, by the distance of gaze from the vanishing point: most gaze is near it, and hides "
        f"what models do elsewhere. Frames: {', '.join(number(each['frames']) for each in bins)}",
        first="Model",
        head=head,
        rows=tuple(
            model_row(
                content,
                model,
                tuple(number(each["mean_euclid_px"], 1) for each in model["by_distance"]),
            )
            for model in models
        ),
    )
