// Schedule generation: one pass that places one unit after the other and never moves it again.
#pragma once

#include <functional>

#include "solve/network.hpp"
#include "solve/plan.hpp"
#include "solve/priority.hpp"

namespace headway {

enum class Scheme {
    SERIAL,    // the most urgent unit next, wherever it fits earliest, gaps included
    PARALLEL,  // the most urgent unit that can start now; time moves on when none can, never back
};

// Regret-biased random choice among the candidates; none if alpha is 0.
struct Sampling {
    double alpha = 0.0;
    std::uint64_t seed = 0;
};

struct Generated {
    std::vector<Int> start, end, mode;
    Verdict verdict;  // why it got stuck, if it did; then the arrays hold what was placed
};

// `interrupted` is asked now and then, about fifty times a second; once it says yes, the pass ends
// with the reason INTERRUPTED.
Generated generate(const Network& network, const Priority& priority, Scheme scheme,
                   const Sampling& sampling, const std::function<bool()>& interrupted);

}  // namespace headway
