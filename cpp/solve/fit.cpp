// Where a task fits into a schedule in the making.
#include <algorithm>
#include <tuple>

#include "solve/plan.hpp"

namespace headway {

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

}  // namespace headway
