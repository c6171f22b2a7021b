"""Which priority rule suits a shop? All of them on one random instance."""

import headway as hw
from headway.solve import rules

problem = hw.generate("jobshop", jobs=20, machines=10, seed=4)
for name in rules.RULES:
    schedule = rules.generate(problem, rule=name, scheme="parallel")
    print(f"{name:<10} {schedule.makespan}")
