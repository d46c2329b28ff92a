import dashgaze

frames = dashgaze.load_dataset("frames", split="train")
print(frames[1000]["gaze_road_x_px"], frames[1000]["gaze_road_y_px"])
