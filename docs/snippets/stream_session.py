import dashgaze

one = [("session_id", "==", "session_002")]
frames = dashgaze.load_dataset("frames", split="train", streaming=True, filters=one)
for batch in frames.with_format("arrow").iter(batch_size=1000):
    print(batch.num_rows)
