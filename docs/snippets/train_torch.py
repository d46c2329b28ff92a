import torch

import dashgaze

frames = dashgaze.load_dataset(
    "frames", split="train", columns=["accel_x_g", "gyro_x_deg_s"]
).with_format("torch")
for batch in torch.utils.data.DataLoader(frames, batch_size=256):
    print(batch["gyro_x_deg_s"].shape)
