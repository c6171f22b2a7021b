// Job shops as dispatchers see them: chains of operations, each on one machine.
#pragma once

#include <cstdint>
#include <vector>

#include "base.hpp"

namespace headway::simulate::dispatch {

using Index = std::int32_t;
using Time = Int;

// Columns by operation, jobs one after another; job j has the operations ptr[j] to ptr[j + 1] - 1.
struct ShopTables {
    Ints ptr, machine, duration, release;
};

struct Operation {
    Index machine;
    Time duration;
    Time release;  // earliest start
    Time left;     // work of the job from this operation on
};

class Shop {
public:
    // Throws std::invalid_argument if the tables are no job shop, or its times too large.
    explicit Shop(const ShopTables& tables);

    Index n_jobs() const { return static_cast<Index>(ptr_.size() - 1); }
    Index n_machines() const { return static_cast<Index>(load_.size()); }
    Index n_operations() const { return static_cast<Index>(operations_.size()); }
    Index first(Index job) const { return ptr_[static_cast<std::size_t>(job)]; }
    Index end(Index job) const { return ptr_[static_cast<std::size_t>(job) + 1]; }
    const Operation& operation(Index i) const { return operations_[static_cast<std::size_t>(i)]; }
    std::span<const Time> load() const { return load_; }  // work of each machine

    double mean_duration() const { return mean_duration_; }  // at least one tick in all
    double mean_work() const { return mean_work_; }          // of a job
    double mean_load() const { return mean_load_; }          // of a machine

    // The larger of the longest job and the heaviest machine.
    Time bound() const { return bound_; }

private:
    std::vector<Index> ptr_;
    std::vector<Operation> operations_;
    std::vector<Time> load_;
    double mean_duration_ = 0, mean_work_ = 0, mean_load_ = 0;
    Time bound_ = 0;
};

}  // namespace headway::simulate::dispatch
