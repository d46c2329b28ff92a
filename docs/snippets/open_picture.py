import dashgaze

frames = dashgaze.load_dataset("frames", split="train", filters=[("road_pts", ">=", 0)])
picture = dashgaze.open_video(frames[100], "road")  # (height, width, 3), red, green, blue
print(picture.shape)
