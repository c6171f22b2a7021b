// Jobs that may be taken off and put on again: at each event, whoever comes first and fits runs.
#pragma once

#include <functional>
#include <vector>

#include "simulate/cluster/jobs.hpp"

namespace headway::simulate {

struct Stretches {
    std::vector<Int> job;
    std::vector<Int> start;
    std::vector<Int> end;
};

class Preemptive {
public:
    // `levels` holds one or more rows of an entry per job: ticks of work after which an order may
    // change, which makes them events. Throws std::invalid_argument for unsound columns.
    Preemptive(const Jobs& jobs, Int capacity, Ints levels, Sort sort);

    // Runs all jobs to their ends; `check` is called now and then and may throw to give up.
    Stretches run(const std::function<void()>& check);

private:
    Int next_event() const;
    void work_until(Int now);
    void take_off(std::size_t job);
    void decide();

    bool runs(std::size_t job) const { return since_[job] != ABSENT; }

    Jobs jobs_;
    Int capacity_;
    Ints levels_;
    Sort sort_;
    Int now_ = 0;
    std::size_t next_ = 0;       // the job that is submitted next
    std::vector<Int> active_;    // submitted and unfinished, in the last order
    std::vector<Int> executed_;
    std::vector<Int> since_;     // when a job that runs was put on
    Stretches stretches_;
};

}  // namespace headway::simulate
