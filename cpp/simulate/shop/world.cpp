#include "simulate/shop/world.hpp"

#include <algorithm>

namespace headway::simulate::shop {

World::World(std::shared_ptr<const Fixed> fixed, bool per_machine)
    : fixed_(std::move(fixed)), per_machine_(per_machine), agenda_(fixed_->events.size()) {
    const Shop& s = shop();
    jobs_.resize(s.arrival.size());
    for (Int j = 0; j < s.n_jobs(); ++j) {
        jobs_[j].op = s.op_ptr[j];
    }
    due_ = s.due;
    completion_.assign(s.arrival.size(), ABSENT);
    known_ = s.estimate;
    truth_ = s.duration;
    is_open_ = s.is_open;
    place_.assign(s.machine.size(), ABSENT);
    joined_.assign(s.machine.size(), 0);
    nominal_.resize(s.family.size());
    best_.resize(s.family.size());
    for (Int o = 0; o < s.n_ops(); ++o) {
        set_nominal(o);
    }
    machines_.resize(s.buffer.size());
    for (Int m = 0; m < s.n_machines(); ++m) {
        const bool endless = s.buffer[m] == FOREVER;
        machines_[m].capacity = endless ? FOREVER : s.batch[m] + s.buffer[m];
        if (!endless && s.buffer[m] > 0) {
            buffered_.push_back(m);
        }
    }
    plain_ = s.plain();
    units_left_ = s.capacity;
    colour_.resize(s.buffer.size());
}

bool World::advance(Int until) {
    if (deciding_) {
        return true;
    }
    while (!settle()) {
        const Event* next = agenda_.peek(fixed_->events);
        if (next == nullptr || next->time > until) {
            return false;
        }
        now_ = next->time;
        while (next != nullptr && next->time == now_) {
            handle(agenda_.pop(fixed_->events));
            ++n_events_;
            next = agenda_.peek(fixed_->events);
        }
        release_holds();
    }
    deciding_ = true;
    ++n_decisions_;
    return true;
}

void World::handle(const Event& event) {
    const Int s = event.subject;
    switch (event.kind) {
        case Kind::FINISH:
            if (event.stamp == machines_[s].stamp) {
                finish(s);
            }
            break;
        case Kind::OFF: fall(s, false); break;
        case Kind::DOWN: fall(s, true); break;
        case Kind::ON:
        case Kind::UP: rise(s); break;
        case Kind::ARRIVE: arrive(s); break;
        case Kind::RELEASE:
            if (jobs_[s].stage == Stage::KNOWN) {
                jobs_[s].stage = Stage::WAITING;
                make_next(s);
            }
            break;
        case Kind::CHANGE: change(s); break;
        case Kind::CANCEL: cancel(s); break;
        case Kind::READY:
            if (event.stamp == machines_[s].stamp) {
                if (machines_[s].off == 0) {
                    begin(s);
                } else {
                    machines_[s].phase = Phase::READY;
                }
            }
            break;
        case Kind::JOIN:
            if (event.stamp == job(s).stamp) {
                join(s, now_);
            }
            break;
        case Kind::TRAVELLED:
            if (event.stamp == job(s).stamp) {
                jobs_[shop().job_of_op[shop().op_of_mode[s]]].stage = Stage::WAITING;
                --busy_;
                join(s, now_);
            }
            break;
    }
}

void World::arrive(Int j) {
    const Shop& s = shop();
    JobState& job = jobs_[j];
    const Int first = s.op_ptr[j], last = s.op_ptr[j + 1];
    job.stage = Stage::KNOWN;
    ++arrived_;
    ++in_system_;
    for (Int o = first; o < last; ++o) {
        ++arrived_ops_;
        arrived_work_ += nominal_[o];
        job.tail += o > first ? nominal_[o] : 0;
        add_load(o, 1);
    }
}

void World::cancel(Int j) {
    const Shop& s = shop();
    JobState& job = jobs_[j];
    if (job.stage == Stage::GONE) {
        return;
    }
    const bool started = job.stage == Stage::ON_MACHINE;
    for (Int o = job.op + (started ? 1 : 0); o < s.op_ptr[j + 1]; ++o) {
        add_load(o, -1);
    }
    if (started) {
        job.leaving = true;
        return;
    }
    if (job.stage != Stage::KNOWN) {
        withdraw(j);
    }
    if (job.stage == Stage::BLOCKED) {
        depart(j);
    } else if (job.admitted) {
        --machines_[job.machine].count;
        busy_ -= job.stage == Stage::TRAVELLING ? 1 : 0;
    }
    leave(j);
}

void World::change(Int k) {
    const Shop& s = shop();
    const Int subject = s.change_subject[k], value = s.change_value[k];
    const auto kind = static_cast<Change>(s.change_kind[k]);
    if (kind == Change::DUE) {
        if (completion_[subject] == ABSENT) {  // a job that is done was due when it was due
            due_[subject] = value;
            tell(subject);
        }
        return;
    }
    const Int o = s.op_of_mode[subject], j = s.job_of_op[o];
    const JobState& job = jobs_[j];
    if (!unstarted(o)) {
        return;
    }
    const bool sought = o == job.op && !job.admitted &&
                        (job.stage == Stage::WAITING || job.stage == Stage::BLOCKED);
    if (sought && kind != Change::DURATION) {
        withdraw(j);
        change_mode(kind, subject, value);
        seek(j);
    } else {
        change_mode(kind, subject, value);
    }
}

// Lets an operation that has not begun be done in another time, in one way more, or less.
void World::change_mode(Change kind, Int mode, Int value) {
    if (kind == Change::DURATION) {
        truth_[mode] = value;
        set_known(mode, value);
        return;
    }
    const Int o = shop().op_of_mode[mode], open = kind == Change::OPEN ? 1 : 0;
    if (jobs_[shop().job_of_op[o]].stage != Stage::UNKNOWN) {
        machine_of(mode).load += (open - is_open_[mode]) * known_[mode];
    }
    is_open_[mode] = open;
    renew(o);
}

void World::finish(Int q) {
    MachineState& m = machines_[q];
    m.phase = Phase::HOLDING;
    --busy_;
    const std::vector<Int> members = m.members;
    for (const Int j : members) {
        close(j, Outcome::COMPLETED, now_, m.need);
        take_units(record_.mode[jobs_[j].row], -1);
        reveal(jobs_[j].op);
    }
    for (const Int j : members) {
        proceed(j);
    }
}

void World::fall(Int q, bool breakdown) {
    MachineState& m = machines_[q];
    if (m.off++ == 0 && m.phase == Phase::PROCESSING) {
        m.worked += now_ - m.since;
        m.last_worked = now_;
        ++m.stamp;
    }
    if (breakdown && m.phase == Phase::PROCESSING) {
        const auto effect = static_cast<Effect>(shop().effect[q]);
        if (effect == Effect::RESTART) {
            restart(q);
        } else if (effect == Effect::SCRAP) {
            scrap(q);
        }
    }
    refresh(q);
}

void World::rise(Int q) {
    MachineState& m = machines_[q];
    if (--m.off == 0) {
        if (m.phase == Phase::PROCESSING) {
            m.since = now_;
            agenda_.push(now_ + m.need - m.worked, Kind::FINISH, q, m.stamp);
        } else if (m.phase == Phase::READY) {
            begin(q);
        }
    }
    refresh(q);
}

void World::restart(Int q) {
    MachineState& m = machines_[q];
    m.ready = now_ + shop().setup_time(q, m.family, m.family);
    m.phase = Phase::PREPARING;
    agenda_.push(m.ready, Kind::READY, q, m.stamp);
    Int batch = ABSENT;
    for (const Int j : m.members) {
        const Int mode = record_.mode[jobs_[j].row];
        if (close(j, Outcome::RESTARTED, m.last_worked, m.worked)) {
            record_.left[jobs_[j].row] = m.last_worked;
            const Int row = open_row(j, mode);
            record_.entered[row] = record_.chosen[row] = m.last_worked;
            batch = batch == ABSENT ? row : batch;
            record_.batch[row] = batch;
        }
    }
}

void World::scrap(Int q) {
    const Shop& s = shop();
    const std::vector<Int> members = machines_[q].members;
    for (const Int j : members) {
        JobState& job = jobs_[j];
        close(j, Outcome::SCRAPPED, machines_[q].last_worked, machines_[q].worked);
        take_units(record_.mode[job.row], -1);
        depart(j);
        if (job.leaving) {
            leave(j);
            continue;
        }
        job.stage = Stage::WAITING;
        job.outside = true;
        --wip_;
        job.machine = ABSENT;
        job.work_done = job.tail = 0;
        for (Int o = s.op_ptr[j]; o < s.op_ptr[j + 1]; ++o) {
            job.tail += o > s.op_ptr[j] ? nominal_[o] : 0;
            if (o <= job.op) {
                add_load(o, 1);
            }
        }
        const Int begun = job.op;
        job.op = s.op_ptr[j];
        // What was news of operations that had begun concerns them now.
        for (Int n = s.news_ptr[j]; n < s.news_ptr[j + 1]; ++n) {
            const Int k = s.news[n], mode = s.change_subject[k];
            if (s.change_time[k] < now_ && s.op_of_mode[mode] <= begun) {
                change_mode(static_cast<Change>(s.change_kind[k]), mode, s.change_value[k]);
            }
        }
        make_next(j);
    }
}

}  // namespace headway::simulate::shop
