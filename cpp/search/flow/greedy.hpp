// The parts of an iterated greedy algorithm on one order of jobs.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "search/flow/sequence.hpp"
#include "search/random.hpp"

namespace headway::search::flow {

// Called before every insertion of a job; false ends the work, which then leaves out what it may.
using GoOn = std::function<bool()>;

class Greedy {
public:
    Greedy(const Shop& shop, Random& random);

    Sequence& sequence() { return *sequence_; }

    // Jobs with much work, or an early due date, first; each goes to its best place (Nawaz, Enscore
    // and Ham 1983).
    void construct(const GoOn& go_on);
    // Takes jobs out at random, `count` of them.
    void destroy(Index count);
    // Puts all jobs that are out into their best places.
    void repair(const GoOn& go_on);
    // Takes each job out and puts it into its best place, in random order, as long as this helps.
    void descend(const GoOn& go_on);

private:
    std::unique_ptr<Sequence> sequence_;
    Random& random_;
    std::vector<Index> out_;    // jobs to put in
    std::vector<Index> queue_;  // jobs in the order in which a descent looks at them
};

}  // namespace headway::search::flow
