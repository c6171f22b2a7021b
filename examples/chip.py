"""A camera pipeline on a small chip: a plan for one picture, then pictures that keep coming."""

import numpy as np

from headway.simulate import chip

camera = chip.TaskGraph(
    "picture",
    tasks=("capture", "denoise", "detect", "encode", "store"),
    elements=("core 0", "core 1", "npu"),
    # Microseconds on each element; -1 where a task cannot run.
    duration=[[40, 40, -1], [90, 90, 30], [200, 200, 50], [60, 60, -1], [20, 20, -1]],
    source=[0, 1, 1, 2, 3],
    target=[1, 2, 3, 4, 4],
    # Handing data over takes 15 µs between cores and 25 µs to and from the accelerator.
    delay=np.array([[[0, 15, 25], [15, 0, 25], [25, 25, 0]]] * 5),
)

print("one picture:")
for rule in ("HEFT", "ETF", "MET", "fastest"):
    print(f"  {rule:8} {chip.place(camera, rule).schedule.makespan} µs")
print(f"  optimum  {chip.optimum(camera, time_limit=10, workers=1).placement.makespan} µs")

stream = chip.Workload(
    kinds=(camera,), gap=110, most_jobs=8, noise=0.1, length=50_000, begins_full=False
)
print("a picture every 110 µs or so:")
for rule in ("MET", "EFT", "ETF", "LINEAR"):
    measures = chip.run(stream, rule, seed=1).measures
    print(
        f"  {rule:8} {measures['mean latency']:.0f} µs on average,"
        f" {measures['latency p99']:.0f} µs at worst but for one in a hundred"
    )
