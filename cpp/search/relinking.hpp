// Path relinking between elite solutions (Peng, Lü and Cheng 2015).
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "search/random.hpp"
#include "search/tabu.hpp"

namespace headway::search {

// Iterations without improvement that end a run, and those that end the trial of a solution on the
// way between two others; where on the way such solutions lie, in thousandths.
struct Pace {
    std::uint64_t patience;
    std::uint64_t trial_patience;
    std::span<const Int> shares;
};

// Two members at random, if the population has grown.
template <class Elite>
auto picked(const Elite& elite, Random& random) {
    const std::uint64_t second = random.next();  // first, as the order of arguments is not fixed
    return elite.parents(random.next(), second);
}

// One worker: improves solutions that are offered, built anew while the population grows, or on
// the way between two members. `build` makes one, `between` makes one of two and a share, and
// improve(solution, patience) makes one better and sets its value.
template <class Elite, class Solution, class Build, class Between, class Improve>
void relink(Elite& elite, const Pace& pace, Random& random, const Watch<Solution>& watch,
            Build&& build, Between&& between, Improve&& improve) {
    while (watch.more()) {
        Solution child;
        if (auto offer = elite.take_offer()) {
            child = std::move(*offer);
        } else if (const auto parents = picked(elite, random); !parents) {
            child = build();
        } else {
            const auto& [a, b] = *parents;
            for (const Int share : pace.shares) {
                if (!watch.more() && !child.order.empty()) {
                    break;
                }
                Solution trial = between(a, b, share);
                improve(trial, pace.trial_patience);
                if (child.order.empty() || trial.value < child.value) {
                    child = std::move(trial);
                }
            }
        }
        improve(child, pace.patience);
        elite.add(std::move(child));
    }
}

}  // namespace headway::search
