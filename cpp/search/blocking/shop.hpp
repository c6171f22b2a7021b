// A blocking job shop: what stays the same during the search.
#pragma once

#include <cstdint>
#include <vector>

#include "base.hpp"

namespace headway::search::blocking {

using Index = std::int32_t;  // of a task
using Time = Int;

// Columns as Python hands them over, one row per task. `machine` and `next` are ABSENT for none;
// the next task of the job starts at least `lag` after the start of the task. Where `holds` is set,
// the machine is free only once the next task starts, else as soon as the task ends.
struct ShopTables {
    Ints machine, duration, release, next, lag;
    Flags holds;
};

// A task as the search sees it.
struct Task {
    Time duration = 0;
    Time release = 0;
    Time lag_before = 0;  // from the start of the task before it
    Time lag_after = 0;   // from the start of the task that frees the machine, to those behind it
    Index before = 0;     // in the job; n_tasks() for none
    Index next = 0;
    Index frees = 0;  // whose start frees the machine: the task itself or the next one
    Index job = 0;
    Index machine = 0;  // ABSENT for none
};

// Jobs are chains of tasks on at most one machine each.
class Shop {
public:
    // Throws std::invalid_argument or std::out_of_range if the tables do not fit together or the
    // jobs are no chains.
    explicit Shop(const ShopTables& tables);

    Index n_tasks() const { return static_cast<Index>(tasks_.size()); }
    Index n_machines() const { return n_machines_; }
    Index n_jobs() const { return static_cast<Index>(first_.size()); }
    const Task& task(Index i) const { return tasks_[static_cast<std::size_t>(i)]; }
    // First task of each job.
    const std::vector<Index>& first() const { return first_; }
    // Most tasks on one machine, and the number of each among them.
    Index crowd() const { return crowd_; }
    Index slot(Index i) const { return slot_[static_cast<std::size_t>(i)]; }

private:
    void chain();
    void count();

    std::vector<Task> tasks_;
    std::vector<Index> first_, slot_;
    Index n_machines_ = 0;
    Index crowd_ = 0;
};

}  // namespace headway::search::blocking
