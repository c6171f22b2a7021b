#include "solve/plan.hpp"

#include <algorithm>

namespace headway {

Plan::Plan(const Network& network)
    : network_(&network), problem_(&network.problem()), choice_(network), sequences_(network) {
    const auto n = static_cast<std::size_t>(network.n_tasks());
    start.assign(n, ABSENT);
    end.assign(n, ABSENT);
    mode.assign(n, ABSENT);
    free_.assign(n, ABSENT);
    place_in_unit_.assign(n, 0);
    for (std::size_t v = 0; v < n; ++v) {
        lower_.push_back({network.start_min[v], network.end_min[v]});
    }
    for (const Unit& unit : network.units) {
        for (std::size_t k = 0; k < unit.tasks.size(); ++k) {
            place_in_unit_[unit.tasks[k]] = k;
        }
    }
    for (Int r = 0; r < problem_->n_resources(); ++r) {
        switch (problem_->resources.kind[r]) {
            case MACHINE:
                slot_.push_back(static_cast<Int>(machines_.size()));
                machines_.emplace_back(network, r);
                break;
            case RENEWABLE:
                slot_.push_back(static_cast<Int>(capacities_.size()));
                capacities_.emplace_back(*problem_, r);
                break;
            case RESERVOIR:
                slot_.push_back(static_cast<Int>(levels_.size()));
                levels_.emplace_back(*problem_, r);
                break;
            default:
                slot_.push_back(ABSENT);
        }
    }
}

void Plan::commit(Int task, const Fit& fit) {
    start[task] = fit.start;
    end[task] = fit.end;
    mode[task] = fit.mode;
    free_[task] = free_at(task, fit.end);
    for (Int d = problem_->first_demand(fit.mode); d < problem_->last_demand(fit.mode); ++d) {
        const Int resource = problem_->modes.demand_resource[d];
        const Int amount = problem_->modes.demand_amount[d];
        switch (problem_->resources.kind[resource]) {
            case MACHINE:
                machines_[slot_[resource]].insert(task, fit.start, free_[task]);
                break;
            case RENEWABLE:
                capacities_[slot_[resource]].take(amount, fit.start, free_[task]);
                break;
            case RESERVOIR:
                levels_[slot_[resource]].change(-amount, amount > 0 ? fit.start : fit.end);
                break;
            default:
                break;
        }
    }
    choice_.choose(fit.mode);
    sequences_.append(task, fit.mode);
}

void Plan::uncommit(Int task) {
    for (const Int holder : network_->held_until[task]) {
        if (placed(holder) && holder != task) {
            stay_until(holder, end[holder]);
        }
    }
    sequences_.remove(task);
    choice_.release(mode[task]);
    for (Int d = problem_->first_demand(mode[task]); d < problem_->last_demand(mode[task]); ++d) {
        const Int resource = problem_->modes.demand_resource[d];
        const Int amount = problem_->modes.demand_amount[d];
        switch (problem_->resources.kind[resource]) {
            case MACHINE:
                machines_[slot_[resource]].remove(task, start[task]);
                break;
            case RENEWABLE:
                capacities_[slot_[resource]].take(-amount, start[task], free_[task]);
                break;
            case RESERVOIR:
                levels_[slot_[resource]].change(amount, amount > 0 ? start[task] : end[task]);
                break;
            default:
                break;
        }
    }
    start[task] = end[task] = mode[task] = free_[task] = ABSENT;
}

// Changes when a placed task lets go of its resources.
void Plan::stay_until(Int task, Int until) {
    if (until == free_[task]) {
        return;
    }
    for (Int d = problem_->first_demand(mode[task]); d < problem_->last_demand(mode[task]); ++d) {
        const Int resource = problem_->modes.demand_resource[d];
        const Int amount = problem_->modes.demand_amount[d];
        if (problem_->resources.kind[resource] == MACHINE) {
            machines_[slot_[resource]].extend(task, start[task], until);
        } else if (problem_->resources.kind[resource] == RENEWABLE) {
            Capacity& capacity = capacities_[slot_[resource]];
            capacity.take(amount, free_[task], until);
            capacity.take(-amount, until, free_[task]);
        }
    }
    free_[task] = until;
}

// The start that a task needs at least if it cannot stay where it is until `until`; FOREVER if it
// can.
Int Plan::clash_if_staying(Int task, Int until) const {
    Int needed = ABSENT;
    for (Int d = problem_->first_demand(mode[task]); d < problem_->last_demand(mode[task]); ++d) {
        const Int resource = problem_->modes.demand_resource[d];
        if (problem_->resources.kind[resource] == MACHINE) {
            const Int clash = machines_[slot_[resource]].clash(task, start[task], until);
            needed = std::max(needed, clash < FOREVER ? clash : ABSENT);
        } else if (problem_->resources.kind[resource] == RENEWABLE) {
            const Int lack = capacities_[slot_[resource]].shortage(
                problem_->modes.demand_amount[d], free_[task], until);
            needed = std::max(needed, lack < FOREVER ? lack + 1 : ABSENT);
        }
    }
    return needed == ABSENT ? FOREVER : std::max(needed, start[task] + 1);
}

void Plan::raise(Int task, Int to_start, Int to_end) {
    lower_[task].start = std::max(lower_[task].start, to_start);
    lower_[task].end = std::max(lower_[task].end, to_end);
    latest_raise_ = std::max({latest_raise_, to_start, to_end});
}

std::size_t Plan::push_others(const Unit& unit, std::size_t latest) {
    const Int task = unit.tasks[latest];
    std::size_t first = unit.tasks.size();
    const auto push = [&](Int other, Int to_start, Int to_end) {
        raise(other, to_start, to_end);
        first = std::min(first, place_in_unit_[other]);
    };
    for (const Bound& bound : network_->bounds_out_of[task]) {
        if (!placed(bound.to)) {
            continue;
        }
        Int needed = point(task, bound.from_end) + bound.lag;
        if (bound.transfer) {
            needed += problem_->transfer(mode[task], mode[bound.to]);
        }
        if (point(bound.to, bound.to_end) < needed) {
            push(bound.to, bound.to_end ? ABSENT : needed, bound.to_end ? needed : ABSENT);
        }
    }
    for (const Int holder : network_->held_until[task]) {
        if (!placed(holder) || start[task] <= end[holder]) {
            continue;
        }
        const Int needed = clash_if_staying(holder, start[task]);
        if (needed < FOREVER) {
            push(holder, needed, ABSENT);
        } else {
            stay_until(holder, start[task]);
        }
    }
    return first;
}

Verdict Plan::place_together(const Unit& unit, Int latest) {
    const std::size_t n = unit.tasks.size();
    std::size_t next = 0;
    std::size_t rounds_in_vain = 0;
    const auto take_back = [&](std::size_t to) {
        while (next > to) {
            uncommit(unit.tasks[--next]);
        }
    };
    while (next < n) {
        const Int task = unit.tasks[next];
        const Fit fit = best_fit(task);
        latest_raise_ = ABSENT;
        std::size_t back = n;
        if (fit.verdict.outcome == Outcome::PLACED) {
            commit(task, fit);
            back = push_others(unit, next);
            ++next;
        } else if (fit.culprit != ABSENT) {
            raise(fit.culprit, fit.culprit_start, ABSENT);
            back = place_in_unit_[fit.culprit];
        } else {
            take_back(0);
            return fit.verdict;
        }
        if (back == n) {
            continue;
        }
        // Beyond the last event of the world nothing but the unit itself can be in its way.
        const bool in_vain = latest_raise_ > std::max(busy_until_, network_->quiet_from);
        rounds_in_vain += in_vain ? 1 : 0;
        if (rounds_in_vain > n * n + 10) {
            take_back(0);
            return {Outcome::FAILS, Reason::TIED, task};
        }
        take_back(back);
    }
    Int first = FOREVER;
    for (const Int v : unit.tasks) {
        first = std::min(first, start[v]);
    }
    if (first > latest) {
        take_back(0);
        return {Outcome::LATER, Reason::NONE, ABSENT, first};
    }
    return {Outcome::PLACED};
}

Verdict Plan::place(Int number, Int earliest, Int latest) {
    const Unit& unit = network_->units[number];
    for (const Int v : unit.tasks) {
        lower_[v] = {std::max(network_->start_min[v], earliest), network_->end_min[v]};
    }
    if (unit.contradictory) {
        return {Outcome::FAILS, Reason::CONTRADICTION, unit.tasks.front()};
    }
    if (!unit.simple) {
        return place_together(unit, latest);
    }
    const Fit fit = best_fit(unit.tasks.front());
    if (fit.verdict.outcome == Outcome::PLACED) {
        if (fit.start > latest) {
            return {Outcome::LATER, Reason::NONE, ABSENT, fit.start};
        }
        commit(unit.tasks.front(), fit);
    }
    return fit.verdict;
}

Int Plan::opens(Int gate, Int now) const {
    Int earliest = FOREVER;
    for (const std::vector<Int>& machines : network_->gates[gate]) {
        Int all_idle = now;
        for (const Int machine : machines) {
            all_idle = std::max(all_idle, machines_[slot_[machine]].busy_until(now));
        }
        earliest = std::min(earliest, all_idle);
    }
    return earliest;
}

void Plan::keep(Int number) {
    for (const Int v : network_->units[number].tasks) {
        busy_until_ = std::max(busy_until_, free_[v]);
    }
}

}  // namespace headway
