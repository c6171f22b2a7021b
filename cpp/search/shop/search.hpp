// Tabu search with path relinking between elite solutions, for shops of any kind.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "search/control.hpp"
#include "search/elite.hpp"
#include "search/shop/shop.hpp"
#include "search/shop/solution.hpp"

namespace headway::search::shop {

struct SearchSettings {
    std::size_t population = 12;
    std::uint64_t patience = 1'500;  // iterations without improvement that end a run
};

// Called with each improvement of the best value: all starts and modes.
using OnImprovement =
    std::function<void(Time, std::span<const Time> start, std::span<const Index> mode)>;

class ShopSearch {
public:
    ShopSearch(const Shop& shop, const SearchSettings& settings);

    const Shop& shop() const { return *shop_; }
    Elite<Shop, Solution>& elite() { return elite_; }
    Incumbent& incumbent() { return incumbent_; }

    // One worker: searches until about `iterations` moves are made, `stop` is set or the best
    // solution is good enough, and returns the number of moves. Workers of several threads help one
    // another; a single one does the same for the same seed and number of iterations everywhere.
    std::uint64_t run(std::uint64_t seed, std::uint64_t iterations, const StopFlag& stop,
                      const OnImprovement& on_improvement);

private:
    const Shop* shop_;
    SearchSettings settings_;
    Elite<Shop, Solution> elite_;
    Incumbent incumbent_;
};

}  // namespace headway::search::shop
