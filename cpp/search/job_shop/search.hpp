// Tabu search with path relinking between elite plans, for the makespan of job shops.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "search/control.hpp"
#include "search/elite.hpp"
#include "search/job_shop/neighbourhood.hpp"
#include "search/job_shop/shop.hpp"

namespace headway::search::job_shop {

struct SearchSettings {
    std::size_t population = 12;
    std::uint64_t patience = 12'500;  // iterations without improvement that end a run
    Neighbourhood neighbourhood = Neighbourhood::N7;
    std::int32_t tenure = 0;  // least iterations that an arc is forbidden for; 0 to go by the shop
};

// Called with each improvement of the best makespan: its value and all starts.
using OnImprovement = std::function<void(Time, std::span<const Time>)>;

class JobShopSearch {
public:
    JobShopSearch(const Shop& shop, const SearchSettings& settings);

    const Shop& shop() const { return *shop_; }
    Elite<Shop, Plan>& elite() { return elite_; }
    Incumbent& incumbent() { return incumbent_; }

    // One worker: searches until about `iterations` moves are made, `stop` is set or the best plan
    // is good enough, and returns the number of moves. Workers of several threads help one
    // another; a single one does the same for the same seed and number of iterations everywhere.
    std::uint64_t run(std::uint64_t seed, std::uint64_t iterations, const StopFlag& stop,
                      const OnImprovement& on_improvement);

private:
    const Shop* shop_;
    SearchSettings settings_;
    Elite<Shop, Plan> elite_;
    Incumbent incumbent_;
};

}  // namespace headway::search::job_shop
