// A flow shop in which all machines take the jobs in one order: what stays the same in a search.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base.hpp"

namespace headway::search::flow {

using Index = std::int32_t;  // of a job or a machine, or a place in an order
using Time = std::int32_t;   // ticks; the constructor of Shop makes sure that they suffice

// No schedule of a shop gets longer, so that sums of two times and differences fit into a Time.
inline constexpr Time LONGEST = Time{1} << 28;
// A due date that is never missed, and the time from a job that is not there to the end.
inline constexpr Time NO_DUE = Time{1} << 29;
inline constexpr Time NEVER = -NO_DUE;

// Times in range.
inline std::vector<Time> narrowed(Ints values) {
    std::vector<Time> result(values.size());
    std::ranges::transform(values, result.begin(), [](Int v) { return static_cast<Time>(v); });
    return result;
}

// What is minimised, C being the end of a job, d its due date and w its weight.
enum class Aim {
    LATEST = 0,     // the largest C - d
    TARDINESS = 1,  // the sum of w * max(0, C - d)
    TARDY = 2,      // the sum of w over the jobs with C > d
};

// Columns as Python hands them over. `duration` has a row of all machines per job; `setup` is
// empty or has such a row per pair of jobs, the rows before the first job coming last.
struct ShopTables {
    Int n_machines;
    Ints duration, release, due, weight, setup;
    Int aim;
    bool blocking;
    Int floor;
};

class Shop {
public:
    // Throws std::invalid_argument if the tables do not fit together or times are too large.
    explicit Shop(const ShopTables& tables);

    Index n_jobs() const { return n_jobs_; }
    Index n_machines() const { return n_machines_; }
    Aim aim() const { return aim_; }
    // Whether a job stays on its machine until the next one is free.
    bool blocking() const { return blocking_; }
    bool has_setups() const { return !setup_.empty(); }
    // No value is smaller, whatever the jobs' ends.
    Int floor() const { return floor_; }

    // One number per machine.
    const Time* duration(Index job) const { return duration_.data() + row(job); }
    // `before` may be `none()`, for a job that comes first.
    const Time* setup(Index before, Index job) const {
        return setup_.data() + row(before) * static_cast<std::size_t>(n_jobs_) + row(job);
    }
    Index none() const { return n_jobs_; }

    Time release(Index job) const { return release_[static_cast<std::size_t>(job)]; }
    Time due(Index job) const { return due_[static_cast<std::size_t>(job)]; }
    Int weight(Index job) const { return weight_[static_cast<std::size_t>(job)]; }
    Int work(Index job) const { return work_[static_cast<std::size_t>(job)]; }

private:
    std::size_t row(Index job) const {
        return static_cast<std::size_t>(job) * static_cast<std::size_t>(n_machines_);
    }
    void check(const ShopTables& tables) const;

    Index n_jobs_;
    Index n_machines_;
    Aim aim_;
    bool blocking_;
    Int floor_;
    std::vector<Time> duration_, release_, due_, setup_;
    std::vector<Int> weight_, work_;
};

}  // namespace headway::search::flow
