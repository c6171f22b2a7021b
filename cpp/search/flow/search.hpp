// Iterated greedy search for permutation flow shops.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "search/control.hpp"
#include "search/flow/shop.hpp"
#include "search/shared.hpp"

namespace headway::search::flow {

struct SearchSettings {
    Index destruction;       // jobs taken out per iteration
    Int temperature;         // how readily a worse order is kept, in thousandths
    std::uint64_t patience;  // iterations without a new best after which it is taken up again
};

// Called with each improvement of the best value: the value and the order of jobs.
using OnImprovement = std::function<void(Int, std::span<const Index>)>;

class FlowSearch {
public:
    FlowSearch(const Shop& shop, const SearchSettings& settings);

    const Shop& shop() const { return *shop_; }
    Incumbent& incumbent() { return incumbent_; }

    // An order of all jobs to search from next.
    void offer(std::vector<Index> order) { offers_.add(std::move(order)); }

    // One worker: searches until about `moves` jobs have been inserted, `stop` is set or the best
    // order is good enough, and returns the number of insertions. Workers of several threads share
    // their best order; a single one does the same for the same seed and number of moves everywhere.
    std::uint64_t run(std::uint64_t seed, std::uint64_t moves, const StopFlag& stop,
                      const OnImprovement& on_improvement);

private:
    const Shop* shop_;
    SearchSettings settings_;
    Incumbent incumbent_;
    Offers<std::vector<Index>> offers_;
    Best<std::vector<Index>> best_;

    friend class Worker;
};

}  // namespace headway::search::flow
