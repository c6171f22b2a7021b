"""Breed a dispatching rule for your own kind of shop, and read what it says."""

import headway as hw
from headway.learn import Breeding, breed
from headway.learn.shop import Aim, DynamicFormulas
from headway.simulate.scenario import Scenario, ShopExperiment
from headway.simulate.shop import DYNAMIC

# What counts: mean tardiness, and a little flow time. The more jobs, rules and generations, the
# better; a rule worth using takes some minutes.
aim = Aim(DYNAMIC, tardiness=1.0, flow=0.25)
bred = breed(
    DynamicFormulas(aim, cases=((0.85, 3), (0.95, 4)), jobs=150),
    columns=["p", "winq", "npt", "R", "slack", "k", "odd", "t"],
    breeding=Breeding(population=40, generations=6),
    validation=range(3),
    seed=1,
)
print(f"smallest {bred.rule} goes first")

floor = ShopExperiment(
    Scenario.parse("""
kind: shop
shop: {machines: 10}
arrivals: {jobs: 300, load: 0.9}
jobs: {operations: "integers(2, 10)", durations: "integers(1, 49)", due_factor: 3}
warm_up: 60
""")
)
print(hw.compare(floor, ["FIFO", "SPT", "MOD", str(bred.rule)], seeds=3))
