// The engine that several rankings come to.
#pragma once

#include <vector>

#include "base.hpp"

namespace headway::serving {

// Each ranking is brought to the range from 0, the worst, to 1 over the engines among which it is;
// what it says nothing of, by a number that is not finite, gets 0.
class Choice {
public:
    // Scores of all engines, and how they count.
    struct Ranking {
        Reals scores;
        double weight;
        bool largest;  // the largest score is the best one
    };

    // The engines whose weighted sum is the largest, in order. `strictly`: a ranking decides only
    // between those that are equal for all before it.
    const std::vector<Int>& best(Flags among, std::span<const Ranking> rankings, bool strictly);

private:
    void normalise(const Ranking& ranking);
    void keep_top();

    std::vector<Int> left_;
    std::vector<double> share_, total_;
};

}  // namespace headway::serving
