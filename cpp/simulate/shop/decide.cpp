// What can be decided at an instant, and what happens by itself.
#include <algorithm>

#include "simulate/shop/world.hpp"

namespace headway::simulate::shop {

// True if something is to be decided; otherwise nothing more happens at this instant.
bool World::settle() {
    for (;;) {
        if (admit_waiting()) {
            release_holds();
        } else if (gather(false)) {
            return true;
        } else if (launch_gathered()) {
            continue;
        } else if (rotate()) {
            release_holds();
        } else {
            // With nothing at work, holding jobs back for ever would stall the shop.
            return busy_ == 0 && !held_.empty() && gather(true);
        }
    }
}

void World::choose(Int mode) {
    deciding_ = false;
    const Int from = release(shop().job_of_op[shop().op_of_mode[mode]]);
    put(mode, from);
    release_holds();
}

void World::hold() {
    deciding_ = false;
    for (const Int mode : candidates_) {
        MachineState& m = machine_of(mode);
        if (!m.held && outside(mode)) {
            m.held = true;
            held_.push_back(shop().machine[mode]);
        }
    }
}

void World::watch() {
    watching_ = true;
    told_.clear();
    for (const MachineState& m : machines_) {
        told_.insert(told_.end(), m.queue.begin(), m.queue.end());
    }
}

void World::unwatch() {
    watching_ = false;
    if (deciding_) {
        gather(false);
    }
}

void World::release_holds() {
    for (const Int q : held_) {
        machines_[q].held = false;
    }
    held_.clear();
}

// Lets the blocked job that has waited longest into a buffer with room.
bool World::admit_waiting() {
    for (const Int q : buffered_) {
        const MachineState& m = machines_[q];
        if (m.wanted == 0) {
            continue;
        }
        Int first = ABSENT;
        for (const Int mode : m.queue) {
            const JobState& waiting = job(mode);
            const bool can_leave = waiting.stage == Stage::BLOCKED &&
                                   !(shop().trapped && machines_[waiting.machine].off > 0);
            if (can_leave && (room(q) > 0 || waiting.machine == q) &&
                (first == ABSENT || std::pair(joined_[mode], mode) < std::pair(joined_[first], first))) {
                first = mode;
            }
        }
        if (first != ABSENT) {
            const Int from = release(shop().job_of_op[shop().op_of_mode[first]]);
            admit(first, from);
            return true;
        }
    }
    return false;
}

bool World::gather(bool forced) {
    candidates_.clear();
    forced_ = forced;
    if (watching_) {
        return !open_.empty();
    }
    if (per_machine_ && !forced) {
        Int done = ABSENT;  // machines up to here have nothing to decide
        for (;;) {
            Int next = shop().n_machines();
            for (const Int q : open_) {
                next = q > done ? std::min(next, q) : next;
            }
            if (next == shop().n_machines()) {
                break;
            }
            if (add_candidates(next, false)) {
                break;
            }
            done = next;
        }
    } else {
        for (const Int q : open_) {
            add_candidates(q, forced);
        }
    }
    return !candidates_.empty();
}

bool World::add_candidates(Int q, bool forced) {
    const std::size_t before = candidates_.size();
    const MachineState& m = machines_[q];
    const bool held = m.held && !forced;
    if (plain_ && !held) {
        candidates_.insert(candidates_.end(), m.queue.begin(), m.queue.end());
        return !m.queue.empty();
    }
    for (const Int mode : m.queue) {
        if (!(held && outside(mode)) && possible(mode)) {
            candidates_.push_back(mode);
        }
    }
    return candidates_.size() > before;
}

// Whether a waiting job can go to the machine of a mode, which is free and up.
bool World::possible(Int mode) const {
    const Shop& s = shop();
    const Int o = s.op_of_mode[mode], q = s.machine[mode];
    const JobState& waiting = jobs_[s.job_of_op[o]];
    if (waiting.stage == Stage::BLOCKED) {
        if (s.buffer[q] > 0 || (s.trapped && machines_[waiting.machine].off > 0)) {
            return false;
        }
    }
    if (!waiting.admitted && room(q) <= 0) {
        return false;
    }
    const MachineState& m = machines_[q];
    if (m.phase == Phase::GATHERING &&
        s.family[o] != s.family[jobs_[m.members.front()].op]) {
        return false;
    }
    return has_units(mode);
}

bool World::has_units(Int mode) const {
    const Shop& s = shop();
    for (Int k = s.demand_ptr[mode]; k < s.demand_ptr[mode + 1]; ++k) {
        if (units_left_[s.demand_resource[k]] < s.demand_amount[k]) {
            return false;
        }
    }
    return true;
}

void World::take_units(Int mode, Int sign) {
    const Shop& s = shop();
    for (Int k = s.demand_ptr[mode]; k < s.demand_ptr[mode + 1]; ++k) {
        units_left_[s.demand_resource[k]] -= sign * s.demand_amount[k];
    }
}

bool World::launch_gathered() {
    if (gathering_.empty()) {
        return false;
    }
    std::ranges::sort(gathering_);
    for (const Int q : gathering_) {
        launch(q);
    }
    gathering_.clear();
    return true;
}

bool World::could_rotate(Int q) const {
    return machines_[q].phase == Phase::HOLDING && machines_[q].off == 0;
}

// Moves the jobs of one cycle, each to the machine that the next one leaves.
bool World::rotate() {
    if (blocked_ == 0) {
        return false;
    }
    const Shop& s = shop();
    std::ranges::fill(colour_, 0);
    for (Int q = 0; q < s.n_machines(); ++q) {
        cycle_.clear();
        if (colour_[q] == 0 && could_rotate(q) && find_cycle(q)) {
            std::vector<Int> from;
            for (const Int mode : cycle_) {
                from.push_back(release(s.job_of_op[s.op_of_mode[mode]]));
            }
            for (std::size_t k = 0; k < cycle_.size(); ++k) {
                const Int to = s.machine[cycle_[k]];
                const bool bare = s.buffer[to] == 0 && s.batch[to] == 1;
                if (bare && has_units(cycle_[k])) {
                    put(cycle_[k], from[k]);
                } else {
                    admit(cycle_[k], from[k]);
                }
            }
            return true;
        }
    }
    return false;
}

// Looks for a cycle of blocked machines in depth; leaves it in `cycle_`.
bool World::find_cycle(Int q) {
    constexpr char ON_PATH = 1, DONE = 2;
    path_.assign(1, {q, 0, 0});
    colour_[q] = ON_PATH;
    while (!path_.empty()) {
        const Int i = next_way(path_.back());
        if (i == ABSENT) {
            colour_[path_.back().machine] = DONE;
            path_.pop_back();
            if (!cycle_.empty()) {
                cycle_.pop_back();
            }
            continue;
        }
        const Int to = shop().machine[i];
        if (colour_[to] == DONE) {
            continue;
        }
        cycle_.push_back(i);
        if (colour_[to] == ON_PATH) {
            const auto leaves = [&](Int mode) { return job(mode).machine == to; };
            cycle_.erase(cycle_.begin(), std::ranges::find_if(cycle_, leaves));
            return true;
        }
        colour_[to] = ON_PATH;
        path_.push_back({to, 0, 0});
    }
    return false;
}

// The next mode that would take a job from a blocked machine to another one; ABSENT at the end.
Int World::next_way(Visit& visit) const {
    const Shop& s = shop();
    const std::vector<Int>& members = machines_[visit.machine].members;
    for (; visit.member < members.size(); ++visit.member, visit.way = 0) {
        const Int o = jobs_[members[visit.member]].op;
        while (s.mode_ptr[o] + visit.way < s.mode_ptr[o + 1]) {
            const Int i = s.mode_ptr[o] + visit.way++;
            if (is_open_[i] != 0 && could_rotate(s.machine[i])) {
                return i;
            }
        }
    }
    return ABSENT;
}

// Keeps the list of machines that could take a job.
void World::refresh(Int q) {
    MachineState& m = machines_[q];
    const bool takes = m.phase == Phase::FREE ||
                       (m.phase == Phase::GATHERING &&
                        static_cast<Int>(m.members.size()) < shop().batch[q]);
    const bool is_open = takes && m.off == 0 && !m.queue.empty();
    if (is_open && m.open_place == ABSENT) {
        m.open_place = static_cast<Int>(open_.size());
        open_.push_back(q);
    } else if (!is_open && m.open_place != ABSENT) {
        const Int last = open_.back();
        open_[m.open_place] = last;
        machines_[last].open_place = m.open_place;
        open_.pop_back();
        m.open_place = ABSENT;
    }
}

}  // namespace headway::simulate::shop
