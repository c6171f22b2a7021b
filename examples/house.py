"""A project: crews, money, a crane that is away for a week, and a choice of how to build."""

import headway as hw

m = hw.Model("house", tick_s=24 * 3600)
crew = m.renewable("crew", capacity=6, steps=[(30, 4)])
crane = m.machine("crane", breaks=[(12, 19)])
money = m.budget("money", capacity=105)

site = m.task(name="clear the site").mode({crew: 3, money: 5}, duration=5)
base = m.task(name="foundation").mode({crew: 4, money: 15}, duration=8)
walls = (
    m.task(name="walls")
    .mode({crew: 4, crane: 1, money: 60}, duration=6)
    .mode({crew: 5, money: 30}, duration=14)
)
roof = m.task(name="roof").mode({crew: 3, crane: 1, money: 25}, duration=5)
wires = m.task(name="wires").mode({crew: 2, money: 10}, duration=7)
paint = m.task(name="paint").mode({crew: 3, money: 10}, duration=6)

site >> base >> walls >> roof >> paint
m.end_before_start(walls, wires, lag=2)
m.end_before_start(wires, paint)

result = hw.solve(m, time_limit=10).raise_for_status()
print(result)
print("walls:", ("by crane", "by hand")[result.schedule.choice[walls.index]])
result.schedule.gantt().save("house.png")
