// Jobs that wait for units of one pool, in an order that somebody else decides, and backfilling.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "simulate/cluster/jobs.hpp"
#include "simulate/cluster/profile.hpp"

namespace headway::simulate {

enum class Backfill {
    NONE,          // in order; the first job that does not fit blocks all behind it
    GREEDY,        // whatever fits starts, in order
    EASY,          // whatever does not delay the first job that does not fit
    CONSERVATIVE,  // every job has a reservation, which only moves forward
};

// Who is to start first: either a rank for each job, or a function that sorts those who wait.
struct Order {
    Ints rank;
    Sort sort;
};

struct Starts {
    std::vector<Int> start;
    std::vector<Int> promised;  // by the first reservation; FOREVER if there never was one
};

// Time runs from event to event: at one instant, first what ends, then what is submitted, then what
// starts. A job that outlives its estimate is expected to take twice as long, then twice that.
class Pool {
public:
    // Throws std::invalid_argument unless the columns are as `Jobs` says and ranks, if any, fit.
    Pool(const Jobs& jobs, Int capacity, Backfill backfill, Order order);

    // Runs all jobs to their ends; `check` is called now and then and may throw to give up.
    Starts run(const std::function<void()>& check);

private:
    struct Running {
        Int expected;  // end, as far as the scheduler knows
        Int job;
    };

    Int next_event() const;
    void finish(Int job, Int now);
    void prolong(Int now);
    void submit(Int now);
    void start(Int job, Int now);
    void sort(Int now);

    void start_in_order(Int now);
    void start_around(std::size_t head, Int now);
    void start_reserved(Int now);
    void reserve(Int job, Int now);
    void move_forward(Int now);
    void replan(Int now);

    Int amount(Int job) const { return jobs_.amount[static_cast<std::size_t>(job)]; }
    Int estimate(Int job) const { return jobs_.estimate[static_cast<std::size_t>(job)]; }
    Int& reserved(Int job) { return reserved_[static_cast<std::size_t>(job)]; }
    Int& started(Int job) { return starts_.start[static_cast<std::size_t>(job)]; }
    bool predicts() const { return backfill_ >= Backfill::EASY; }
    void expect(Running running);
    void promise(Int job, Int time);

    Jobs jobs_;
    Int capacity_;
    Backfill backfill_;
    Order order_;
    Int free_;
    Int next_ = 0;                           // the job that is submitted next
    std::vector<Int> waiting_;               // by rank, if there are ranks
    std::vector<std::pair<Int, Int>> ends_;  // (end, job) of all that run, a heap
    std::vector<Running> running_;           // by expected end, if somebody asks for it
    std::vector<Int> expected_;
    std::vector<Int> reserved_;              // FOREVER: no reservation yet
    FreeProfile profile_;                    // what runs and what is reserved
    bool released_ = false;                  // somebody ended before the expected end
    bool overrun_ = false;                   // somebody runs on after it
    bool unreserved_ = false;                // somebody waits without a reservation
    Starts starts_;
};

}  // namespace headway::simulate
