"""How should a batch cluster order its queue? Every order with EASY backfilling on one workload."""

from headway.simulate import cluster

workload = cluster.lublin(1000, 128, load=0.85, seed=3)
for policy in ("FCFS", "SJF", "SAF", "WFP3", "UNICEP", "F1"):
    trace = cluster.run(workload, policy, backfill="easy")
    wait = trace.summary("wait")
    print(f"{policy:<7} mean wait {wait.mean:7.0f} s   99 % {wait.p99:8.0f} s")
