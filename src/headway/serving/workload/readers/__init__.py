"""One reader per format of public traces; `headway.serving.workload.read_workload` finds it."""
