// Orders judged by a sum over jobs: the places of a job are tried side by side.
#pragma once

#include "search/flow/lanes.hpp"
#include "search/flow/sequence.hpp"

namespace headway::search::flow {

// States of the machines before each place are kept for the jobs before a change. From there the
// rest of the schedule is worked out anew for each place at which a job might be inserted, LANES
// places at a time, and given up where none of them can get better than the best place known.
class SumSequence final : public Sequence {
public:
    explicit SumSequence(const Shop& shop);

    Int value() override;
    Place best_place(Index job, Random& random) override;

private:
    void changed(Index before, Index behind) override;

    void extend();
    // Leaves the values of inserting a job at `count` places from `first` on as the costs of the
    // lanes; a value above `limit` may be too small, but not below it.
    void try_places(Index job, Index first, Index count, Int limit);
    // Inserts a job at a place in one lane, the next job of the order behind it included.
    void begin(Index lane, Index place, Index job);

    Int cost(Index job, Time end) const;
    Int cost_before(Index place) const { return cost_[at(place)]; }
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    std::size_t state(Index place, Index k) const {
        return at(place) * at(shop().n_machines()) + at(k);
    }

    Index known_ = 0;            // places before which the state is known
    std::vector<Time> state_;    // when machines are free before each place
    std::vector<Int> cost_;      // of the jobs before each place
    Lanes lanes_;
};

}  // namespace headway::search::flow
