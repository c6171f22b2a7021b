// A schedule in the making: operations are added one by one, each as early as its job and machine allow.
#pragma once

#include <span>
#include <vector>

#include "simulate/dispatch/shop.hpp"

namespace headway::simulate::dispatch {

// The next operation of a job.
struct Candidate {
    Index job;
    Index operation;
    Index machine;
    Time duration;
    Time ready;  // when the job can start it
    Time left;   // work of the job from it on
    Time start;  // when job and machine can start it
};

class State {
public:
    explicit State(const Shop& shop);

    const Shop& shop() const { return *shop_; }
    void reset();
    bool done() const { return open_.empty(); }

    // Finds out which operations may be next: with b the earliest start and e the earliest end of
    // all next operations, those that start by b + delta (e - b). Such schedules are non-delay for
    // delta = 0, active for delta = 1 at most.
    void look(double delta);
    std::span<const Candidate> candidates() const { return candidates_; }  // by job
    Time begin() const { return begin_; }                                  // b
    Time longest() const { return longest_; }  // most work left of a job
    // Jobs that wait for a machine at b.
    Index queue(Index machine) const { return queue_[at(machine)]; }
    Time free(Index machine) const { return free_[at(machine)]; }
    Time load(Index machine) const { return load_[at(machine)]; }  // work not yet scheduled

    void add(const Candidate& chosen);

    Time makespan() const { return makespan_; }
    // No schedule that goes on from here ends earlier.
    Time bound() const { return bound_; }
    std::span<const Time> start() const { return start_; }  // by operation

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    const Shop* shop_;
    std::vector<Candidate> open_;  // one per unfinished job, by job
    std::vector<Candidate> candidates_;
    std::vector<Time> free_, load_, start_;
    std::vector<Index> queue_;
    Time begin_ = 0, longest_ = 0, makespan_ = 0, bound_ = 0;
};

}  // namespace headway::simulate::dispatch
