// Iterated greedy search for permutation flow shops.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "search/control.hpp"
#include "search/flow/shop.hpp"

namespace headway::search::flow {

struct SearchSettings {
    Index destruction;       // jobs taken out per iteration
    Int temperature;         // how readily a worse order is kept, in thousandths
    std::uint64_t patience;  // iterations without a new best after which it is taken up again
};

// Called with each improvement of the best value: the value and the order of jobs.
using OnImprovement = std::function<void(Int, std::span<const Index>)>;

// The best order that any worker knows, and orders from outside.
class Pool {
public:
    void offer(std::vector<Index> order);
    std::optional<std::vector<Index>> take_offer();

    void note(Int value, std::span<const Index> order);
    // Copies the best order if there is one.
    void best(std::vector<Index>& order) const;

private:
    mutable std::mutex mutex_;
    std::vector<std::vector<Index>> offers_;
    Int value_ = std::numeric_limits<Int>::max();
    std::vector<Index> order_;
};

class FlowSearch {
public:
    FlowSearch(const Shop& shop, const SearchSettings& settings);

    const Shop& shop() const { return *shop_; }
    Pool& pool() { return pool_; }
    Incumbent& incumbent() { return incumbent_; }

    // One worker: searches until about `moves` jobs have been inserted, `stop` is set or the best
    // order is good enough, and returns the number of insertions. Workers of several threads share
    // their best order; a single one does the same for the same seed and number of moves everywhere.
    std::uint64_t run(std::uint64_t seed, std::uint64_t moves, const StopFlag& stop,
                      const OnImprovement& on_improvement);

private:
    const Shop* shop_;
    SearchSettings settings_;
    Pool pool_;
    Incumbent incumbent_;
};

}  // namespace headway::search::flow
