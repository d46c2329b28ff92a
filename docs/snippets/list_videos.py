import dashgaze

for row in dashgaze.load_dataset("videos", split="train"):
    print(row["session_id"], row["road"]["path"])
