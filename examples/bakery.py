"""A first problem in twenty lines: three orders, a mixer, two ovens, due dates."""

import headway as hw

m = hw.Model("bakery", tick_s=60)
mixer = m.machine("mixer", breaks=[(60, 90)])
ovens = [m.machine("oven 1"), m.machine("oven 2")]

for name, due, weight, mixing, baking in [
    ("rye", 120, 3, 20, 55),
    ("rolls", 75, 2, 15, 25),
    ("cake", 150, 1, 30, 45),
]:
    order = m.job(name, due=due, weight=weight)
    mix = m.task(order, "mix").mode({mixer: 1}, duration=mixing)
    bake = m.task(order, "bake")
    for oven in ovens:
        bake.mode({oven: 1}, duration=baking)
    mix >> bake

m.minimise(hw.total_tardiness(weighted=True).then(hw.makespan()))
result = hw.solve(m, time_limit=10)

print(result)
for task, (start, end) in enumerate(zip(result.schedule.start, result.schedule.end, strict=True)):
    print(f"{result.problem.task_label(task):<12} {start:>4} to {end:>4} min")
result.schedule.gantt().save("bakery.png")
