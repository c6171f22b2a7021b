// Which tasks are placed together, in which order, and what keeps them all from starting.
#include <algorithm>
#include <map>

#include "solve/components.hpp"
#include "solve/network.hpp"
#include "solve/paths.hpp"

namespace headway {

void Network::form_units() {
    std::vector<TaskPair> arcs;
    for (const Bound& bound : bounds_into.values) {
        arcs.push_back({bound.from, bound.to});
    }
    for (Int v = 0; v < n_tasks(); ++v) {
        for (const Int other : held_until[v]) {
            arcs.push_back({v, other});
            arcs.push_back({other, v});
        }
        for (const Int other : directly_before[v]) {
            arcs.push_back({v, other});
            arcs.push_back({other, v});
        }
    }
    const Grouped<Int> successors = seconds_by_first(n_tasks(), arcs);
    const std::vector<Int> component =
        strong_components(n_tasks(), successors.ptr, successors.values);

    // Units are numbered by their first task.
    unit_of.assign(static_cast<std::size_t>(n_tasks()), ABSENT);
    std::vector<Int> number(static_cast<std::size_t>(n_tasks()), ABSENT);
    for (Int v = 0; v < n_tasks(); ++v) {
        if (!present(v)) {
            continue;
        }
        Int& unit = number[component[v]];
        if (unit == ABSENT) {
            unit = static_cast<Int>(units.size());
            units.push_back({{}, true, false, ABSENT});
        }
        units[unit].tasks.push_back(v);
        unit_of[v] = unit;
    }
    for (Unit& unit : units) {
        order_unit(unit);
    }

    const Int n_units = static_cast<Int>(units.size());
    unit_waits.assign(units.size(), 0);
    std::vector<TaskPair> between;
    for (const Bound& bound : bounds_into.values) {
        if (unit_of[bound.from] != unit_of[bound.to]) {
            between.push_back({unit_of[bound.from], unit_of[bound.to]});
            ++unit_waits[unit_of[bound.to]];
        }
    }
    unit_successors = seconds_by_first(n_units, between);
}

// Orders the tasks of a unit by how early the bounds inside let them start.
void Network::order_unit(Unit& unit) const {
    const auto shortest = [this](Int v) {
        const auto durations = problem_.modes.duration.subspan(
            static_cast<std::size_t>(problem_.first_mode(v)),
            static_cast<std::size_t>(problem_.last_mode(v) - problem_.first_mode(v)));
        return std::ranges::minmax(durations);
    };
    bool bound_to_itself = false;
    for (const Int v : unit.tasks) {
        for (const Bound& bound : bounds_out_of[v]) {
            bound_to_itself = bound_to_itself || bound.to == v;
        }
    }
    unit.simple = unit.tasks.size() == 1 && !bound_to_itself;
    if (unit.tasks.size() == 1) {
        return;
    }
    std::map<Int, Int> place;
    for (const Int v : unit.tasks) {
        place.emplace(v, static_cast<Int>(place.size()));
    }
    std::vector<Int> source, target, length;
    for (const Int v : unit.tasks) {
        for (const Bound& bound : bounds_out_of[v]) {
            // An interruptible task may take any time from start to end.
            const bool open_end = bound.to_end && problem_.tasks.interruptible[bound.to];
            if (bound.to == v || unit_of[bound.to] != unit_of[v] || open_end) {
                continue;
            }
            source.push_back(place[v]);
            target.push_back(place[bound.to]);
            length.push_back(bound.lag + (bound.from_end ? shortest(v).min : 0) -
                             (bound.to_end ? shortest(bound.to).max : 0));
        }
    }
    const std::vector<Int> floor(unit.tasks.size(), 0);
    const std::size_t n_bounds = source.size();
    for (const Int v : unit.tasks) {
        for (const Int next : directly_before[v]) {
            source.push_back(place[v]);
            target.push_back(place[next]);
            length.push_back(std::max<Int>(1, shortest(v).min));
        }
    }
    auto heads = longest_paths({source, target, length}, floor);
    if (!heads) {
        // Neighbours bind only on machines that both use, so their order is a preference here.
        const Ints from(source), to(target), by(length);
        heads = longest_paths(
            {from.first(n_bounds), to.first(n_bounds), by.first(n_bounds)}, floor);
    }
    unit.contradictory = !heads.has_value();
    if (heads) {
        std::ranges::stable_sort(unit.tasks, {}, [&](Int v) { return (*heads)[place[v]]; });
    }
}

void Network::form_gates() {
    std::map<Gate, Int> known;
    for (Unit& unit : units) {
        const Int task = unit.tasks.front();
        Gate gate;
        bool closable = unit.simple;
        for (Int m = problem_.first_mode(task); m < problem_.last_mode(task); ++m) {
            std::vector<Int> machines;
            for (Int d = problem_.first_demand(m); d < problem_.last_demand(m); ++d) {
                const Int resource = problem_.modes.demand_resource[d];
                if (problem_.resources.kind[resource] == MACHINE) {
                    machines.push_back(resource);
                }
            }
            // An instant may start where another task does.
            closable = closable && !machines.empty() && problem_.modes.duration[m] > 0;
            gate.push_back(std::move(machines));
        }
        if (closable) {
            std::ranges::sort(gate);
            const auto repeated = std::ranges::unique(gate);
            gate.erase(repeated.begin(), repeated.end());
            unit.gate = known.try_emplace(gate, static_cast<Int>(known.size())).first->second;
        }
    }
    gates.resize(known.size());
    for (const auto& [gate, number] : known) {
        gates[number] = gate;
    }
}

}  // namespace headway
