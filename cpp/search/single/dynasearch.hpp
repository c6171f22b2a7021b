// Descent over independent moves made together, for costs that add up over jobs.
#pragma once

#include <span>
#include <vector>

#include "search/control.hpp"
#include "search/single/line.hpp"

namespace headway::search::single {

// The generalised pairwise interchange dynasearch of Grosso, Della Croce and Tadei (2004): each step
// makes the best set of swaps and insertions on disjoint parts of the sequence, found by dynamic
// programming.
class Dynasearch {
public:
    // The line is to be separable.
    explicit Dynasearch(const Line& line);

    // Improves an order until no step does, or the stop flag is set; returns its value.
    Int descend(std::vector<Index>& order, const StopFlag& stop);

private:
    enum class Kind : std::uint8_t { STAY, SWAP, FORWARD, BACKWARD };
    struct Step {
        Int gain = 0;
        std::size_t from = 0;
        Kind kind = Kind::STAY;
    };

    void load(std::span<const Index> order);
    bool improve(std::vector<Index>& order, const StopFlag& stop);
    // The gain if the jobs strictly between two positions move by `shift` ticks.
    Int gain_between(std::size_t i, std::size_t j, Int shift) const;
    Int cost(std::size_t i, Int end) const {
        const Int late = std::max(Int{0}, end - due_[i]);
        return per_tick_[i] * end + per_late_[i] * late + (late > 0 ? if_late_[i] : 0);
    }

    const Line* line_;
    bool only_tardiness_ = true;
    std::size_t reach_;  // longest part of the sequence that one move changes
    // By position.
    std::vector<Int> work_, due_, per_tick_, per_late_, if_late_, end_, cost_, forward_;
    std::vector<Step> step_;
};

}  // namespace headway::search::single
