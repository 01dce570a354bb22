import pickle

import numpy as np
import matplotlib.pyplot as plt

with open("runs.pkl", "rb") as f:
    runs = pickle.load(f)

width = int(input("width? "))
losses = np.array([r["loss"] for r in runs if r["width"] == width])
plt.hist(losses + 0.01 * np.random.rand(len(losses)))
plt.title(f"{losses.mean():.3f}")
plt.show()
