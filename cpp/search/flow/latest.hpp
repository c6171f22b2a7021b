// Orders judged by the latest end, or the largest lateness: all places of a job in O(n m).
#pragma once

#include "search/flow/sequence.hpp"

namespace headway::search::flow {

// Heads and tails of all operations give the value of every insertion at once (Taillard 1990);
// with setup times (Ruiz and Stützle 2008) and with blocking likewise. Both stay known for the jobs
// before and behind a change.
class LatestSequence final : public Sequence {
public:
    explicit LatestSequence(const Shop& shop);

    Int value() override;
    Place best_place(Index job, Random& random) override;

private:
    void changed(Index before, Index behind) override;

    void extend_heads();
    void extend_tails();
    void values(Index job);
    void values_with_setups(Index job);
    Int idle(Index job, Index place) const;

    // Column of the machines' free times before a place.
    std::size_t head(Index place, Index k) const {
        return static_cast<std::size_t>(place) * by_place_ +
               static_cast<std::size_t>(k) * by_machine_;
    }
    // Column of the times from a job's operations to the end of all; tails are aligned at their
    // far end, so that they stay where they are when jobs before them come and go.
    std::size_t tail(Index place, Index k) const {
        return head(shop().n_jobs() - size() + place, k);
    }

    std::size_t by_place_, by_machine_;
    Index heads_ = 0;  // places whose heads are known
    Index tails_ = 0;  // places, from the last one on, whose tails are known
    std::vector<Time> head_, tail_;
    std::vector<Time> late_;   // by place: the largest lateness of the jobs before it
    std::vector<Time> least_;  // like tails: the value that the jobs from there on alone enforce
    std::vector<Time> end_;    // by place: when the job to insert would leave a machine
    std::vector<Time> value_;  // by place: the value if it is inserted there
};

}  // namespace headway::search::flow
