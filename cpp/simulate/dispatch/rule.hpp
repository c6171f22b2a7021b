// What decides which candidate is next: classic priority rules, and weighted sums of features.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "simulate/dispatch/state.hpp"

namespace headway::simulate::dispatch {

enum class Key : std::uint8_t {
    SPT,       // shortest operation
    LPT,       // longest operation
    MWKR,      // most work of the job left, this operation included
    LWKR,      // least
    LTAIL,     // most work of the job left after this operation
    MOPNR,     // most operations of the job left
    LOPNR,     // fewest
    FDD_MWKR,  // least ratio of work done, this operation included, and work left
    FIFO,      // waiting for longest
    RANDOM,    // all alike
};

inline constexpr std::size_t N_FEATURES = 12;
using Features = std::array<double, N_FEATURES>;

// The features of a candidate, all without unit: see headway.simulate.dispatch.features.
Features features(const State& state, const Candidate& candidate);

class Rule {
public:
    explicit Rule(Key key, double delta = 0);
    // Throws std::invalid_argument unless there is a finite weight per feature.
    Rule(Reals weights, double delta);

    double delta() const { return delta_; }
    bool is_linear() const { return linear_; }

    // Scores of the candidates of a state; the largest is the best. `scores` is made to fit.
    void score(const State& state, std::vector<double>& scores) const;

private:
    bool linear_;
    Key key_ = Key::RANDOM;
    Features weights_{};
    double delta_;
};

}  // namespace headway::simulate::dispatch
