// Annealing on orders of jobs, for hybrid flow shops.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "search/control.hpp"
#include "search/hybrid/decoder.hpp"
#include "search/hybrid/shop.hpp"
#include "search/shared.hpp"

namespace headway::search::hybrid {

struct SearchSettings {
    Int temperature = 70;           // at the start of a cycle, thousandths of the mean duration
    std::uint64_t cycle = 100'000;  // moves of the longest cycle
};

// Called with each improvement of the best value: all starts and machines of the operations.
using OnImprovement =
    std::function<void(Int, std::span<const Time> start, std::span<const Index> machine)>;

// An order of jobs as it enters the first stage, or, backward, the last one, time running back.
struct Solution {
    Int value = std::numeric_limits<Int>::max();
    bool backward = false;
    std::vector<Index> order;
};

class HybridSearch {
public:
    HybridSearch(const Shop& shop, const SearchSettings& settings)
        : shop_(&shop), reversed_(shop.reversed()), settings_(settings) {}

    const Shop& shop() const { return *shop_; }
    Incumbent& incumbent() { return incumbent_; }

    // An order of all jobs to search from next.
    void offer(std::vector<Index> order) { offers_.add(std::move(order)); }

    // One worker: searches until about `moves` orders have been tried, `stop` is set or the best
    // one is good enough, and returns the number of orders. Workers of several threads share their
    // best order; a single one does the same for the same seed and number of moves everywhere.
    std::uint64_t run(std::uint64_t seed, std::uint64_t moves, const StopFlag& stop,
                      const OnImprovement& on_improvement);

private:
    const Shop* shop_;
    Shop reversed_;
    SearchSettings settings_;
    Incumbent incumbent_;
    Offers<std::vector<Index>> offers_;
    Best<Solution> best_;

    friend class Worker;
};

}  // namespace headway::search::hybrid
