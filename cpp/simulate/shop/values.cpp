// What policies see: known durations, and the columns of candidates.
#include <algorithm>
#include <numeric>

#include "simulate/shop/world.hpp"

namespace headway::simulate::shop {

// Modes that are not open count only for an operation that has no other: whoever decides does not
// know whether they will ever be.
void World::set_nominal(Int o) {
    const Shop& s = shop();
    const bool any = n_open(o) > 0;
    Int best = ABSENT;
    for (Int i = s.mode_ptr[o]; i < s.mode_ptr[o + 1]; ++i) {
        if ((is_open_[i] != 0 || !any) && (best == ABSENT || known_[i] < known_[best])) {
            best = i;
        }
    }
    nominal_[o] = known_[best];
    best_[o] = best;
}

Int World::n_open(Int o) const {
    const auto first = is_open_.begin();
    return std::accumulate(first + shop().mode_ptr[o], first + shop().mode_ptr[o + 1], Int{0});
}

// Something new is known of a job.
void World::tell(Int j) {
    ++jobs_[j].news;
    if (watching_ && jobs_[j].stage == Stage::WAITING) {
        for (Int i = shop().mode_ptr[jobs_[j].op]; i < shop().mode_ptr[jobs_[j].op + 1]; ++i) {
            if (place_[i] != ABSENT) {
                told_.push_back(i);
            }
        }
    }
}

void World::reveal(Int o) {
    for (Int i = shop().mode_ptr[o]; i < shop().mode_ptr[o + 1]; ++i) {
        set_known(i, truth_[i]);
    }
}

bool World::unstarted(Int o) const {
    const JobState& job = jobs_[shop().job_of_op[o]];
    if (job.stage == Stage::GONE || job.leaving) {
        return false;
    }
    if (o <= job.op && job.stage == Stage::ON_MACHINE) {
        // The job may still stand on the machine of the operation before.
        return o == job.op && record_.op[job.row] != o;
    }
    return o >= job.op;
}

void World::set_known(Int mode, Int value) {
    const Int change = value - known_[mode];
    if (change == 0) {
        return;
    }
    const Int o = shop().op_of_mode[mode];
    known_[mode] = value;
    renew(o);
    if (jobs_[shop().job_of_op[o]].stage == Stage::UNKNOWN) {
        return;
    }
    MachineState& m = machine_of(mode);
    m.queue_work += place_[mode] != ABSENT ? change : 0;
    m.load += is_open_[mode] != 0 && unstarted(o) ? change : 0;
}

// Brings what is known of an operation's work up to date.
void World::renew(Int o) {
    const Int before = nominal_[o];
    set_nominal(o);
    tell(shop().job_of_op[o]);
    JobState& job = jobs_[shop().job_of_op[o]];
    if (job.stage == Stage::UNKNOWN) {
        return;
    }
    const Int step = nominal_[o] - before;
    arrived_work_ += step;
    job.tail += o > job.op ? step : 0;
    job.work_done += o < job.op ? step : 0;
}

// When a machine is expected to be done, as far as is known.
Int World::finish_estimate(Int q) const {
    const MachineState& m = machines_[q];
    if (m.phase == Phase::FREE || m.phase == Phase::HOLDING) {
        return now_;
    }
    const bool processing = m.phase == Phase::PROCESSING;
    const Int worked = !processing ? 0 : m.worked + (m.off == 0 ? now_ - m.since : 0);
    Int left = 0;
    for (const Int j : m.members) {
        // Of a pause, only what has passed of it is known.
        const Int paused = std::min(shop().pause[jobs_[j].op], worked);
        left = std::max(left, known_[record_.mode[jobs_[j].row]] + paused - worked);
    }
    return std::max(now_, processing ? now_ : m.ready) + left;
}

double World::next_value(Column column, Int o) const {
    const Int q = shop().machine[best_[o]];
    const MachineState& m = machines_[q];
    switch (column) {
        case Column::NPT: return static_cast<double>(nominal_[o]);
        case Column::WINQ: return static_cast<double>(m.queue_work);
        case Column::QUEUE_NEXT: return static_cast<double>(m.queue.size());
        case Column::LOAD_NEXT: return static_cast<double>(m.load);
        case Column::NEXT_OCCUPIED: return m.phase != Phase::FREE || room(q) <= 0 ? 1 : 0;
        case Column::NEXT_BLOCKED: return m.phase == Phase::HOLDING ? 1 : 0;
        default: return static_cast<double>(finish_estimate(q));
    }
}

double World::value(Column column, Int mode) const {
    const Shop& s = shop();
    const Int o = s.op_of_mode[mode], j = s.job_of_op[o], q = s.machine[mode];
    const JobState& job = jobs_[j];
    const MachineState& m = machines_[q];
    const auto real = [](auto x) { return static_cast<double>(x); };
    switch (column) {
        case Column::T: return real(now_);
        case Column::P: return real(known_[mode]);
        case Column::R: return real(known_[mode] + job.tail);
        case Column::TAIL: return real(job.tail);
        case Column::K: return real(s.op_ptr[j + 1] - o);
        case Column::DONE: return real(o - s.op_ptr[j]);
        case Column::JOINED: return real(joined_[mode]);
        case Column::WAIT: return real(now_ - joined_[mode]);
        case Column::A: return real(s.release[j]);
        case Column::D: return real(due_[j]);
        case Column::W: return real(s.weight[j]);
        case Column::TOTAL: return real(job.work_done + nominal_[o] + job.tail);
        case Column::WORK_DONE: return real(job.work_done);
        case Column::ODD: {
            const double total = real(std::max<Int>(job.work_done + nominal_[o] + job.tail, 1));
            const double share = real(job.work_done + nominal_[o]) / total;
            return real(s.release[j]) + real(due_[j] - s.release[j]) * share;
        }
        case Column::SLACK: return real(due_[j] - now_ - known_[mode] - job.tail);
        case Column::LAST: return o + 1 == s.op_ptr[j + 1] ? 1 : 0;
        case Column::P_MEAN: return real(m.queue_work) / real(std::max<std::size_t>(m.queue.size(), 1));
        case Column::QUEUE: return real(m.queue.size());
        case Column::LOAD: return real(m.load);
        case Column::BLOCKED: return job.stage == Stage::BLOCKED ? 1 : 0;
        case Column::OUTSIDE: return job.outside ? 1 : 0;
        case Column::RELIEF:
            return job.stage == Stage::BLOCKED ? real(machines_[job.machine].wanted) : 0;
        case Column::WIP: return real(wip_);
        case Column::IN_SYSTEM: return real(in_system_);
        case Column::JOBS: return real(arrived_);
        case Column::MACHINES: return real(s.n_machines());
        case Column::SHOP_P: return real(arrived_work_) / real(std::max<Int>(arrived_ops_, 1));
        case Column::SETUP: return real(s.setup_time(q, m.family, s.family[o]));
        case Column::TRANSFER:
            return job.stage == Stage::BLOCKED ? real(s.transfer(job.machine, q)) : 0;
        case Column::MATES: {
            Int mates = 0;
            for (const Int other : m.queue) {
                mates += s.family[s.op_of_mode[other]] == s.family[o] ? 1 : 0;
            }
            return real(mates);
        }
        case Column::CHOICES: return real(n_open(o));
        case Column::P_BEST: return real(nominal_[o]);
        case Column::JOB: return real(j);
        case Column::MACHINE: return real(q);
        default: break;
    }
    return o + 1 < s.op_ptr[j + 1] ? next_value(column, o + 1) : 0;
}

}  // namespace headway::simulate::shop
