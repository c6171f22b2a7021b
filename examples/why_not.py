"""A plan that cannot be: Headway says which few constraints clash."""

import headway as hw

m = hw.Model("impossible order")
press = m.machine("press", breaks=[(8, 16)])
rush = m.job("rush order", release=3, deadline=14)
punch = m.task(rush, "punch").mode({press: 1}, duration=4)
fold = m.task(rush, "fold").mode({press: 1}, duration=3)
punch >> fold

result = hw.solve(m, time_limit=10)
print(result)
