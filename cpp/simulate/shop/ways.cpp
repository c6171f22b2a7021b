// The ways of jobs through the shop: from queue to machine to the next queue.
#include <algorithm>

#include "simulate/shop/world.hpp"

namespace headway::simulate::shop {

// The operation in progress is over; the job still stands on its machine.
void World::proceed(Int j) {
    JobState& job = jobs_[j];
    job.work_done += nominal_[job.op];
    ++job.op;
    const bool done = job.op == shop().op_ptr[j + 1];
    if (done || job.leaving) {
        completion_[j] = done ? now_ : ABSENT;
        depart(j);
        leave(j);
        return;
    }
    job.tail -= nominal_[job.op];
    make_next(j);
}

// The job's operation may be done from now on.
void World::make_next(Int j) {
    jobs_[j].since = now_;
    ++jobs_[j].news;
    if (shop().revealed_when_ready) {
        reveal(jobs_[j].op);
    }
    seek(j);
}

// The job leaves the shop.
void World::leave(Int j) {
    jobs_[j].stage = Stage::GONE;
    --in_system_;
    wip_ -= jobs_[j].outside ? 0 : 1;
}

void World::add_load(Int o, Int sign) {
    for (Int i = shop().mode_ptr[o]; i < shop().mode_ptr[o + 1]; ++i) {
        machine_of(i).load += is_open_[i] != 0 ? sign * known_[i] : 0;
    }
}

// Joins the queues of the job's operation. A job that finished on a machine leaves it if some
// machine it can go to has an endless buffer; otherwise it stays there, blocked.
void World::seek(Int j) {
    const Shop& s = shop();
    JobState& job = jobs_[j];
    const Int first = s.mode_ptr[job.op], last = s.mode_ptr[job.op + 1];
    if (job.stage == Stage::ON_MACHINE || job.stage == Stage::BLOCKED) {
        // Where nothing is open for now, the job waits in front of what may open again.
        const bool shut = std::none_of(is_open_.begin() + first, is_open_.begin() + last,
                                       [](auto open) { return open != 0; });
        bool stored = false;
        for (Int i = first; i < last; ++i) {
            stored |= (shut || is_open_[i] != 0) && s.buffer[s.machine[i]] == FOREVER;
        }
        if (stored) {
            depart(j);
            job.stage = Stage::WAITING;
        } else if (job.stage == Stage::ON_MACHINE) {
            job.stage = Stage::BLOCKED;
            ++blocked_;
        }
    }
    for (Int i = first; i < last; ++i) {
        if (is_open_[i] == 0) {
            continue;
        }
        const bool blocked = job.stage == Stage::BLOCKED;
        machine_of(i).wanted += blocked ? 1 : 0;
        const Int there = job.since + (blocked ? 0 : s.transfer(job.machine, s.machine[i]));
        if (there <= now_) {
            join(i, there);
        } else {
            agenda_.push(there, Kind::JOIN, i, job.stamp);
        }
    }
}

void World::join(Int mode, Int since) {
    MachineState& m = machine_of(mode);
    place_[mode] = static_cast<Int>(m.queue.size());
    m.queue.push_back(mode);
    m.queue_work += known_[mode];
    joined_[mode] = since;
    if (watching_) {
        told_.push_back(mode);
    }
    refresh(shop().machine[mode]);
}

void World::withdraw(Int j) {
    const Shop& s = shop();
    JobState& job = jobs_[j];
    ++job.stamp;
    ++job.news;
    for (Int i = s.mode_ptr[job.op]; i < s.mode_ptr[job.op + 1]; ++i) {
        MachineState& m = machine_of(i);
        m.wanted -= is_open_[i] != 0 && job.stage == Stage::BLOCKED ? 1 : 0;
        if (place_[i] != ABSENT) {
            const Int last = m.queue.back();
            m.queue[place_[i]] = last;
            place_[last] = place_[i];
            m.queue.pop_back();
            place_[i] = ABSENT;
            m.queue_work -= known_[i];
            refresh(s.machine[i]);
        }
    }
}

// Takes a job off the machine it stands on.
void World::depart(Int j) {
    JobState& job = jobs_[j];
    MachineState& m = machines_[job.machine];
    m.members.erase(std::ranges::find(m.members, j));
    --m.count;
    record_.left[job.row] = now_;
    blocked_ -= job.stage == Stage::BLOCKED ? 1 : 0;
    if (m.members.empty()) {
        busy_ -= m.phase == Phase::HOLDING ? 0 : 1;
        m.phase = Phase::FREE;
        ++m.stamp;
        refresh(job.machine);
    }
}

// Takes a job out of its queues and off its machine; returns the machine, or ABSENT.
Int World::release(Int j) {
    withdraw(j);
    if (jobs_[j].stage != Stage::BLOCKED) {
        return ABSENT;
    }
    depart(j);
    jobs_[j].stage = Stage::WAITING;
    return jobs_[j].machine;
}

// Gives a released job a place at the station of a mode.
void World::admit(Int mode, Int from) {
    const Int j = shop().job_of_op[shop().op_of_mode[mode]], q = shop().machine[mode];
    JobState& job = jobs_[j];
    ++machines_[q].count;
    job.admitted = true;
    job.entered = now_;
    job.machine = q;
    const Int delay = shop().transfer(from, q);
    if (delay == 0) {
        join(mode, joined_[mode]);
    } else {
        job.stage = Stage::TRAVELLING;
        ++busy_;
        agenda_.push(now_ + delay, Kind::TRAVELLED, mode, job.stamp);
    }
}

// Puts a released job on the machine of a mode.
void World::put(Int mode, Int from) {
    const Shop& s = shop();
    const Int o = s.op_of_mode[mode], j = s.job_of_op[o], q = s.machine[mode];
    JobState& job = jobs_[j];
    MachineState& m = machines_[q];
    add_load(o, -1);
    take_units(mode, 1);
    if (!job.admitted) {
        ++m.count;
        job.entered = now_;
    }
    wip_ += job.outside ? 1 : 0;
    job.outside = job.admitted = false;
    job.stage = Stage::ON_MACHINE;
    job.machine = q;
    const Int row = open_row(j, mode);
    record_.batch[row] = m.members.empty() ? row : record_.batch[jobs_[m.members.front()].row];
    m.members.push_back(j);
    if (m.phase == Phase::FREE) {
        m.phase = Phase::GATHERING;
        m.ready = now_ + s.setup_time(q, m.family, s.family[o]);
        ++busy_;
        if (s.batch[q] > 1) {
            gathering_.push_back(q);
        }
    }
    m.ready = std::max(m.ready, now_ + s.transfer(from, q));
    if (s.batch[q] == 1) {
        launch(q);
    }
    refresh(q);
}

void World::launch(Int q) {
    MachineState& m = machines_[q];
    m.phase = Phase::PREPARING;
    if (m.ready == now_) {
        begin(q);
    } else {
        agenda_.push(m.ready, Kind::READY, q, m.stamp);
    }
    refresh(q);
}

void World::begin(Int q) {
    const Shop& s = shop();
    MachineState& m = machines_[q];
    m.phase = Phase::PROCESSING;
    m.need = m.worked = 0;
    m.since = now_;
    for (const Int j : m.members) {
        const Int o = jobs_[j].op, row = jobs_[j].row;
        m.need = std::max(m.need, truth_[record_.mode[row]] + s.pause[o]);
        m.family = s.family[o];
        record_.start[row] = now_;
    }
    ++m.stamp;
    agenda_.push(now_ + m.need, Kind::FINISH, q, m.stamp);
}

Int World::open_row(Int j, Int mode) {
    const Int row = record_.size();
    record_.op.push_back(shop().op_of_mode[mode]);
    record_.mode.push_back(mode);
    record_.machine.push_back(shop().machine[mode]);
    record_.batch.push_back(row);
    record_.entered.push_back(jobs_[j].entered);
    record_.chosen.push_back(now_);
    for (auto* column : {&record_.start, &record_.end, &record_.left, &record_.outcome}) {
        column->push_back(ABSENT);
    }
    record_.work.push_back(0);
    jobs_[j].row = row;
    return row;
}

// Writes down how an attempt ended; false if no work was done in it, so that it does not count.
bool World::close(Int j, Outcome outcome, Int end, Int work) {
    const Int row = jobs_[j].row;
    if (work == 0 && outcome != Outcome::COMPLETED) {
        record_.start[row] = ABSENT;
        return false;
    }
    record_.end[row] = end;
    record_.work[row] = work;
    record_.outcome[row] = static_cast<Int>(outcome);
    return true;
}

}  // namespace headway::simulate::shop
