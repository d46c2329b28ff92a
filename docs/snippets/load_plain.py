from datasets import load_dataset

frames = load_dataset("dashgaze", split="train")  # in the folder that holds ./dashgaze
print(frames)
