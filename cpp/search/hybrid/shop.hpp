// A hybrid flow shop: stages with machines side by side, and what stays the same in a search.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/flow/shop.hpp"

namespace headway::search::hybrid {

using flow::Aim;
using flow::Index;
using flow::LONGEST;
using flow::narrowed;
using flow::NO_DUE;
using flow::Time;

// The duration on a machine that cannot do a job.
inline constexpr Int UNABLE = -1;

// Columns as Python hands them over. The machines of stage s are `stage_ptr[s]` to
// `stage_ptr[s + 1] - 1`; `duration` has a row of all machines per job.
struct ShopTables {
    Ints stage_ptr, duration, release, due, weight;
    Int aim;
    Int floor;
};

class Shop {
public:
    // Throws std::invalid_argument if the tables do not fit together or times are too large.
    explicit Shop(const ShopTables& tables);

    Index n_jobs() const { return n_jobs_; }
    Index n_stages() const { return static_cast<Index>(first_.size()) - 1; }
    Index n_machines() const { return first_.back(); }
    Index first_machine(Index stage) const { return first_[at(stage)]; }
    Index n_machines(Index stage) const { return first_[at(stage) + 1] - first_[at(stage)]; }
    // Whether all machines of a stage take equally long for a job, whichever it is.
    bool identical(Index stage) const { return identical_[at(stage)]; }

    // One number per machine, UNABLE where it cannot do the job.
    const Time* duration(Index job) const { return duration_.data() + at(job) * at(n_machines()); }
    // The least time from the end of a job's stage to its end, by itself.
    Time behind(Index job, Index stage) const { return behind_[at(job) * at(n_stages()) + at(stage)]; }
    // Mean duration in 1024ths.
    Int mean_duration() const { return mean_; }
    Int work(Index job) const { return work_[at(job)]; }

    Aim aim() const { return aim_; }
    Int floor() const { return floor_; }
    Time release(Index job) const { return release_[at(job)]; }
    Time due(Index job) const { return due_[at(job)]; }
    Int weight(Index job) const { return weight_[at(job)]; }

    // Whether a schedule read backwards is as good: the aim is the makespan, without releases.
    bool is_reversible() const { return reversible_; }
    // The same shop with its stages in the opposite order.
    Shop reversed() const;

private:
    Shop() = default;
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    static void check(const ShopTables& tables);
    void measure();

    Index n_jobs_ = 0;
    Aim aim_ = Aim::LATEST;
    Int floor_ = 0;
    bool reversible_ = false;
    Int mean_ = 0;
    std::vector<Index> first_;
    std::vector<bool> identical_;
    std::vector<Time> duration_, release_, due_, behind_;
    std::vector<Int> weight_, work_;
};

}  // namespace headway::search::hybrid
