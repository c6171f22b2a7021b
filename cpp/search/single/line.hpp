// Jobs that wait for one machine, and what it costs when they end.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base.hpp"

namespace headway::search::single {

using Index = std::int32_t;

// The cost of a job that ends at C: what its weights say about C, max(0, C - due) and [C > due].
struct Job {
    Int work = 0;
    Int release = 0;
    Int due = FOREVER;
    Int per_tick = 0;   // weight of the completion time
    Int per_late = 0;   // weight of the tardiness
    Int if_late = 0;    // weight of being tardy at all

    Int cost(Int end) const {
        const Int late = std::max(Int{0}, end - due);
        return per_tick * end + per_late * late + (late > 0 ? if_late : 0);
    }
};

// Weights of what the whole sequence costs.
struct Overall {
    Int makespan = 0;
    Int max_lateness = 0;
    Int max_tardiness = 0;
    Int setup = 0;
};

// What Python passes: one value per job, setups of shape (n + 1, n) row by row or empty.
struct Columns {
    Ints work, release, due, per_tick, per_late, if_late, setup;
    Overall overall;
};

class Line {
public:
    // Throws std::invalid_argument if columns do not fit together or a value is negative.
    explicit Line(const Columns& columns);

    Index size() const { return static_cast<Index>(jobs_.size()); }
    const Job& job(Index j) const { return jobs_[static_cast<std::size_t>(j)]; }
    const Overall& overall() const { return overall_; }

    // The setup before `after` behind `before`; the first job stands behind job n.
    Int setup(Index before, Index after) const {
        return setup_.empty() ? 0 : setup_[at(before) * jobs_.size() + at(after)];
    }
    // When `after` ends at the earliest if `before` ends at `now`.
    Int end(Index before, Int now, Index after) const {
        const Job& next = job(after);
        return std::max(now + setup(before, after), next.release) + next.work;
    }

    bool has_setups() const { return !setup_.empty(); }
    bool has_releases() const { return releases_; }
    // Whether costs add up over jobs, apart from what no order changes.
    bool is_sum() const { return overall_.max_lateness == 0 && overall_.max_tardiness == 0; }
    // Whether the end of a job follows from which jobs stand before it, and costs add up.
    bool is_separable() const { return !releases_ && setup_.empty() && is_sum(); }
    // Whether the sum of tardiness is all that counts.
    bool is_total_tardiness() const;
    Int total_work() const { return total_work_; }

    // The value of an order of all jobs.
    Int value(std::span<const Index> order) const;

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    std::vector<Job> jobs_;
    std::vector<Int> setup_;
    Overall overall_;
    bool releases_ = false;
    Int total_work_ = 0;
};

}  // namespace headway::search::single
