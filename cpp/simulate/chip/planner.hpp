// A static plan of jobs that arrive one after another: HEFT of each when it arrives, around what is
// planned of those before it, and never changed.
#pragma once

#include <vector>

#include "simulate/chip/applications.hpp"

namespace headway::simulate::chip {

class Planner {
public:
    explicit Planner(const Applications& applications);

    // Plans another job, which arrives no earlier than those before.
    void add(Index kind, Int arrival);

    Index n_jobs() const { return n_jobs_; }
    struct Place {
        Index element;
        Int start;
        Int end;
    };
    // Of a task among those of all jobs.
    const Place& place(std::size_t task) const { return places_[task]; }

private:
    struct Interval {
        Int start;
        Int end;
    };

    Place best(Index task, std::size_t first, Index kind, Int arrival) const;
    void reserve(const Place& place);
    static Int earliest(const std::vector<Interval>& reserved, Int from, Int duration);

    const Applications* applications_;
    Index n_jobs_ = 0;
    std::vector<Place> places_;
    std::vector<std::vector<Interval>> reserved_;  // per element, by start; none of no length
};

}  // namespace headway::simulate::chip
