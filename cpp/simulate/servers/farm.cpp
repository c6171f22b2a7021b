#include "simulate/servers/farm.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace headway::simulate::servers {
namespace {

constexpr Int UNIT = 1000;              // a speed of 1
constexpr Int LARGEST_SIZE = Int{1} << 40;
constexpr Int LARGEST_TIME = Int{1} << 44;
constexpr double MACHINE_MEMORY = 0.98;  // weight of a task's speed once the next one has ended
constexpr double LOAD_MEMORY = 0.998;    // weight of a task's gap once the next one has arrived

void refuse(const std::string& why) { throw std::invalid_argument("servers: " + why); }

void check(Ints values, std::size_t size, Int low, Int high, const std::string& what) {
    if (values.size() != size) {
        refuse(what + ": " + std::to_string(size) + " values are expected");
    }
    if (std::ranges::any_of(values, [&](Int value) { return value < low || value > high; })) {
        refuse(what + ": a value is out of its range");
    }
}

std::vector<Int> copied(Ints values) { return {values.begin(), values.end()}; }

Int ceiling(Int work, Int speed) { return (work + speed - 1) / speed; }

}  // namespace

Farm::Farm(const FarmTables& t, std::uint64_t seed) : random_(seed), mean_(t.mean) {
    const std::size_t n = t.arrival.size(), k = t.speed.size(), changes = t.change_time.size();
    if (k == 0 || k > 4096) {
        refuse("from one to 4096 machines are expected");
    }
    const Int last = static_cast<Int>(k) - 1;
    check(t.arrival, n, 0, LARGEST_TIME, "arrival");
    check(t.size, n, 1, LARGEST_SIZE, "size");
    check(t.believed, n, 1, LARGEST_SIZE, "believed");
    check(t.home, n, 0, last, "home");
    check(t.speed, k, 1, UNIT * UNIT, "speed");
    check(t.declared, k, 1, UNIT * UNIT, "declared");
    check(t.change_time, changes, 0, LARGEST_TIME, "change_time");
    check(t.change_machine, changes, 0, last, "change_machine");
    check(t.change_speed, changes, 1, UNIT * UNIT, "change_speed");
    if (!std::ranges::is_sorted(t.arrival) || !std::ranges::is_sorted(t.change_time)) {
        refuse("times are to come in order");
    }
    Int work = t.arrival.empty() ? 0 : t.arrival.back();
    const Int slowest = std::min(std::ranges::min(t.speed),
                                 changes == 0 ? UNIT * UNIT : std::ranges::min(t.change_speed));
    for (const Int size : t.size) {
        work += ceiling(size * UNIT, slowest) + 1;
        if (work > LARGEST_TIME) {
            refuse("the work takes too long");
        }
    }
    arrival_ = copied(t.arrival);
    size_ = copied(t.size);
    believed_ = copied(t.believed);
    home_ = copied(t.home);
    change_time_ = copied(t.change_time);
    change_machine_ = copied(t.change_machine);
    change_speed_ = copied(t.change_speed);
    outcomes_.resize(n);
    if (!(mean_ > 0 && mean_ <= static_cast<double>(LARGEST_SIZE))) {
        refuse("mean: a positive number is expected");
    }
    for (std::size_t m = 0; m < k; ++m) {
        Machine machine{.speed = t.speed[m],
                        .declared = static_cast<double>(t.declared[m]) / UNIT,
                        .queue = {}};
        for (std::size_t other = 0; other < k; ++other) {
            machine.rank += t.declared[other] > t.declared[m] ||
                            (t.declared[other] == t.declared[m] && other < m);
        }
        machine.work = machine.declared * mean_;
        machine.time = mean_;
        declared_total_ += machine.declared;
        machines_.push_back(std::move(machine));
    }
}

bool Farm::arrive() {
    if (waiting_) {
        refuse("the task before is still to be assigned");
    }
    ended_.clear();
    if (next_ == arrival_.size()) {
        pass(FOREVER - 1);
        return false;
    }
    task_ = next_++;
    const Int time = arrival_[task_];
    pass(time);
    recent_work_ = LOAD_MEMORY * recent_work_ + static_cast<double>(believed_[task_]);
    recent_time_ = LOAD_MEMORY * recent_time_ + static_cast<double>(time - now_);
    now_ = time;
    waiting_ = true;
    draw();
    return true;
}

// Every task draws equally often, so that what a policy does with it changes nothing later.
void Farm::draw() {
    const auto n = static_cast<std::int32_t>(machines_.size());
    const std::int32_t first = random_.below(n);
    std::int32_t second = n > 1 ? random_.below(n - 1) : 0;
    second += n > 1 && second >= first;
    double total = 0;
    for (const Machine& machine : machines_) {
        total += machine.work / machine.time;
    }
    for (std::int32_t k = 0; k < n; ++k) {
        Machine& machine = machines_[static_cast<std::size_t>(k)];
        machine.in_pair = k == first || k == second;
        machine.luck = static_cast<double>(random_.next() >> 11) * 0x1.0p-53;
        machine.credit += machine.work / machine.time / total;
    }
}

void Farm::assign(std::size_t k) {
    if (!waiting_) {
        refuse("no task has arrived");
    }
    if (k >= machines_.size()) {
        refuse("there is no machine " + std::to_string(k));
    }
    Machine& machine = machines_[k];
    waiting_ = false;
    machine.credit -= 1;
    machine.queue.push_back(task_);
    machine.waiting += static_cast<double>(believed_[task_]);
    outcomes_[task_].machine = static_cast<Int>(k);
    if (machine.queue.size() == 1) {
        machine.since = now_;
        begin(machine);
    }
}

// The first task of the queue goes into service at `since`.
void Farm::begin(Machine& machine) {
    const std::size_t task = machine.queue.front();
    machine.waiting -= static_cast<double>(believed_[task]);
    machine.left = size_[task] * UNIT;
    machine.end = machine.since + ceiling(machine.left, machine.speed);
    outcomes_[task].start = machine.since;
}

void Farm::pass(Int until) {
    for (;;) {
        const auto first = std::ranges::min_element(machines_, {}, &Machine::end);
        const bool changes = next_change_ < change_time_.size();
        const Int change_time = changes ? change_time_[next_change_] : FOREVER;
        // Completions come before changes of speed.
        if (first->end <= std::min(until, change_time)) {
            finish(static_cast<std::size_t>(first - machines_.begin()));
        } else if (change_time <= until) {
            change(static_cast<std::size_t>(change_machine_[next_change_]),
                   change_speed_[next_change_]);
            ++next_change_;
        } else {
            return;
        }
    }
}

void Farm::finish(std::size_t k) {
    Machine& machine = machines_[k];
    const std::size_t task = machine.queue.front();
    Outcome& outcome = outcomes_[task];
    outcome.end = machine.end;
    machine.work = MACHINE_MEMORY * machine.work + static_cast<double>(believed_[task]);
    machine.time =
        MACHINE_MEMORY * machine.time + static_cast<double>(outcome.end - outcome.start);
    ended_.push_back(task);
    machine.queue.pop_front();
    machine.since = machine.end;
    machine.end = FOREVER;
    if (!machine.queue.empty()) {
        begin(machine);
    }
}

void Farm::change(std::size_t k, Int speed) {
    Machine& machine = machines_[k];
    const Int time = change_time_[next_change_];
    if (!machine.queue.empty()) {
        machine.left -= (time - machine.since) * machine.speed;
        machine.since = time;
        machine.end = time + ceiling(machine.left, speed);
    }
    machine.speed = speed;
}

double Farm::column(Column column, std::size_t k) const {
    const Machine& machine = machines_[k];
    switch (column) {
        case Column::N: return static_cast<double>(machine.queue.size());
        case Column::BACKLOG: {
            if (machine.queue.empty()) {
                return 0;
            }
            const std::size_t first = machine.queue.front();
            const auto served = static_cast<double>(now_ - outcomes_[first].start);
            const double left =
                static_cast<double>(believed_[first]) - served * machine.declared;
            return machine.waiting + (left > 0 ? left : 0);
        }
        case Column::SIZE: return static_cast<double>(believed_[task_]);
        case Column::SPEED: return machine.declared;
        case Column::MEASURED: return machine.work / machine.time;
        case Column::RANK: return machine.rank;
        case Column::HOME: return home_[task_] == static_cast<Int>(k) ? 1.0 : 0.0;
        case Column::TURN: {
            const std::size_t n = machines_.size();
            return static_cast<double>((k + n - task_ % n) % n);
        }
        case Column::PAIR: return machine.in_pair ? 1.0 : 0.0;
        case Column::LUCK: return machine.luck;
        case Column::CREDIT: return machine.credit;
        case Column::LOAD:
            return recent_time_ > 0 ? recent_work_ / (recent_time_ * declared_total_) : 0.0;
        default: return static_cast<double>(now_);
    }
}

}  // namespace headway::simulate::servers
