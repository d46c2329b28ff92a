import dashgaze

columns = ["session_id", "gaze_azimuth_deg", "gaze_elevation_deg"]
gaze = dashgaze.load_dataset("frames", split="train", columns=columns).to_pandas()
print(gaze.groupby("session_id").std())
