"""A classical instance: rules in an instant, the proven optimum a little later."""

import headway as hw

problem = hw.instance("la05")
print(problem.summary())

quick = hw.solve(problem, method="rules", time_limit=1)
print("rules:", quick)

best = hw.solve(problem, time_limit=20, warm_start=quick.schedule)
print("exact:", best)
print("critical path:", " → ".join(problem.task_label(t) for t in best.schedule.critical_path))
