#include "solve/plan.hpp"

#include <algorithm>
#include <tuple>

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

// --- where a task fits --------------------------------------------------------------------------

Plan::Lower Plan::lower_bounds(Int task) const {
    Lower lower = lower_[task];
    for (const Bound& bound : network_->bounds_into[task]) {
        if (placed(bound.from)) {
            Int& side = bound.to_end ? lower.end : lower.start;
            side = std::max(side, point(bound.from, bound.from_end) + bound.lag);
        }
    }
    return lower;
}

Plan::Lower Plan::with_transfers(Int task, Int with_mode, Lower lower) const {
    if (problem_->transfers.empty()) {
        return lower;
    }
    for (const Bound& bound : network_->bounds_into[task]) {
        if (bound.transfer && placed(bound.from)) {
            lower.start = std::max(lower.start, point(bound.from, bound.from_end) + bound.lag +
                                                    problem_->transfer(mode[bound.from], with_mode));
        }
    }
    return lower;
}

Int Plan::after_row_mates(Int task, Int with_mode, Int earliest) const {
    for (const Membership& place : network_->memberships[task]) {
        const Int mate = sequences_.last(place, with_mode);
        if (mate == ABSENT) {
            continue;
        }
        earliest = std::max(earliest, free_[mate]);
        // Two instants at one time would stand in the order of their positions.
        const bool both_instants =
            start[mate] == free_[mate] && problem_->modes.duration[with_mode] == 0;
        if (both_instants && earliest == free_[mate] && task < mate) {
            ++earliest;
        }
    }
    return earliest;
}

bool Plan::pauses(Int with_mode) const {
    return problem_->modes.duration[with_mode] > 0 &&
           problem_->tasks.interruptible[problem_->modes.task[with_mode]];
}

Int Plan::start_to_end_at(Int with_mode, Int from, Int target) const {
    const Int work = problem_->modes.duration[with_mode];
    return pauses(with_mode) ? network_->pauses(with_mode).start_to_finish_at(from, work, target)
                             : std::max(from, target - work);
}

Int Plan::free_at(Int task, Int ending) const {
    const Int until = problem_->tasks.hold_until[task];
    return until >= 0 && placed(until) ? std::max(ending, start[until]) : ending;
}

Int Plan::partner(std::span<const Int> partners, Int machine) const {
    Int found = ABSENT;
    for (const Int other : partners) {
        if (placed(other) && problem_->uses(mode[other], machine)) {
            found = found == ABSENT ? other : NOBODY;
        }
    }
    return found;
}

Plan::Fit Plan::settle_on_machine(Int task, Int with_mode, Int machine, Int from, Int free) const {
    Visitor visitor{task, problem_->modes.duration[with_mode]};
    visitor.directly_after = partner(network_->directly_after[task], machine);
    visitor.directly_before = partner(network_->directly_before[task], machine);
    const Machine& where = machines_[slot_[machine]];
    Fit out{{Outcome::PLACED}};
    out.start = where.fit(visitor, from, free);
    if (out.start < FOREVER) {
        return out;
    }
    out.verdict = {Outcome::FAILS, Reason::TIED, task};
    const Int before = visitor.directly_after;
    const Int after = visitor.directly_before;
    if (before >= 0) {
        out.culprit = before;
        const Int wall = where.next_start(before, start[before]);
        out.culprit_start = std::max(start[before] + 1, wall < FOREVER ? wall : 0);
    } else if (after >= 0) {
        out.culprit = after;
        out.culprit_start = std::max(start[after] + 1, from + visitor.length);
    }
    return out;
}

Int Plan::settle_on_reservoir(Int with_mode, Int demand, Int from, Int ending) const {
    const Int resource = problem_->modes.demand_resource[demand];
    const Int amount = problem_->modes.demand_amount[demand];
    const Level& level = levels_[slot_[resource]];
    const Calendar breaks = network_->breaks(resource);
    if (amount > 0) {
        return breaks.leave(std::max(from, level.earliest_take(amount)));
    }
    const Int target = breaks.leave(std::max(ending, level.earliest_give(-amount)));
    return target > ending ? start_to_end_at(with_mode, from, target) : from;
}

bool Plan::reservoirs_serve(Int with_mode) const {
    for (Int d = problem_->first_demand(with_mode); d < problem_->last_demand(with_mode); ++d) {
        const Int resource = problem_->modes.demand_resource[d];
        const Int amount = problem_->modes.demand_amount[d];
        if (problem_->resources.kind[resource] == RESERVOIR) {
            const Level& level = levels_[slot_[resource]];
            const Int when =
                amount > 0 ? level.earliest_take(amount) : level.earliest_give(-amount);
            if (when == FOREVER) {
                return false;
            }
        }
    }
    return true;
}

Plan::Fit Plan::settle(Int task, Int with_mode, Int from, Int ending) const {
    const Int free = free_at(task, ending);
    const bool rigid = !pauses(with_mode);
    Fit out{{Outcome::PLACED}};
    out.start = from;
    for (Int d = problem_->first_demand(with_mode); d < problem_->last_demand(with_mode); ++d) {
        const Int resource = problem_->modes.demand_resource[d];
        const Int kind = problem_->resources.kind[resource];
        if (kind == NONRENEWABLE) {
            out.start = network_->breaks(resource).leave(from);
        } else if (kind == RESERVOIR) {
            out.start = settle_on_reservoir(with_mode, d, from, ending);
        } else {
            if (rigid) {
                out.start = network_->breaks(resource).avoid(from, ending);
            }
            if (out.start == from && kind == MACHINE) {
                out = settle_on_machine(task, with_mode, resource, from, free);
            } else if (out.start == from) {
                const Capacity& capacity = capacities_[slot_[resource]];
                out.start = capacity.fit(problem_->modes.demand_amount[d], from, free,
                                         problem_->modes.duration[with_mode]);
                if (out.start == FOREVER) {
                    out.verdict = {Outcome::FAILS, Reason::CAPACITY, task};
                }
            }
        }
        if (out.verdict.outcome != Outcome::PLACED || out.start != from) {
            return out;
        }
    }
    return out;
}

// Every step moves the start to the next instant that some requirement does not rule out; the
// first instant at which none moves it is the earliest start.
Plan::Fit Plan::fit(Int task, Int with_mode, Lower lower) const {
    if (!reservoirs_serve(with_mode)) {
        return {{Outcome::WAITS, Reason::RESERVOIR, task}};
    }
    lower = with_transfers(task, with_mode, lower);
    const Int work = problem_->modes.duration[with_mode];
    const bool rigid = !pauses(with_mode);
    const Calendar calendar = rigid ? Calendar{} : network_->pauses(with_mode);
    Int from = after_row_mates(task, with_mode, lower.start);
    while (true) {
        from = calendar.leave(from);
        const Int ending = calendar.finish(from, work);
        if (from > network_->start_max[task] || ending > network_->end_max[task]) {
            return {{Outcome::FAILS, Reason::WINDOW, task}};
        }
        if (ending < lower.end) {
            from = start_to_end_at(with_mode, from, lower.end);
            continue;
        }
        Fit settled = settle(task, with_mode, from, ending);
        if (settled.verdict.outcome != Outcome::PLACED) {
            return settled;
        }
        if (settled.start == from) {
            settled.mode = with_mode;
            settled.end = ending;
            return settled;
        }
        from = settled.start;
    }
}

Plan::Fit Plan::best_fit(Int task) const {
    const Lower lower = lower_bounds(task);
    const Ints penalty = network_->decisions().mode_penalty;
    const Ints duration = problem_->modes.duration;
    Fit best{{Outcome::FAILS, Reason::MODES, task}};
    for (Int m = problem_->first_mode(task); m < problem_->last_mode(task); ++m) {
        if (choice_.excluded(m) || !choice_.leaves_room(m)) {
            continue;
        }
        Fit found{{Outcome::FAILS, Reason::BUDGET, task}};
        if (!sequences_.is_turn(task, m)) {
            found = {{Outcome::WAITS, Reason::SEQUENCE, task}};
        } else if (choice_.affordable(m)) {
            found = fit(task, m, lower);
        }
        // Placed is better than waiting for others or moving them, and that is better than failing.
        const auto rank = [](const Fit& f) {
            return f.verdict.outcome == Outcome::PLACED  ? 0
                   : f.culprit != ABSENT                 ? 1
                   : f.verdict.outcome == Outcome::WAITS ? 2
                   : f.verdict.reason != Reason::MODES   ? 3
                                                         : 4;
        };
        bool better = rank(found) < rank(best);
        if (rank(found) == 0 && rank(best) == 0) {
            better = std::tuple(found.end + penalty[m], duration[m]) <
                     std::tuple(best.end + penalty[best.mode], duration[best.mode]);
        }
        if (better) {
            best = found;
        }
    }
    return best;
}

Int Plan::ready(Int task) const { return lower_bounds(task).start; }

// --- placing and taking back --------------------------------------------------------------------

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
