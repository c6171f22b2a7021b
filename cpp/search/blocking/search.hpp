// Tabu search by job insertion, for the makespan of blocking job shops.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "search/blocking/selection.hpp"
#include "search/blocking/shop.hpp"
#include "search/control.hpp"
#include "search/shared.hpp"

namespace headway::search::blocking {

// Called with each improvement of the best makespan: its value and all starts.
using OnImprovement = std::function<void(Time, std::span<const Time>)>;

class BlockingSearch {
public:
    explicit BlockingSearch(const Shop& shop);

    const Shop& shop() const { return *shop_; }
    Incumbent& incumbent() { return incumbent_; }

    // Starts of all tasks to search from next. Throws std::invalid_argument if no schedule has
    // their order.
    void offer(std::vector<Time> start);

    // One worker: searches until about `iterations` moves have been looked at, `stop` is set or the
    // best makespan is good enough, and returns the number of moves looked at. Workers of several
    // threads help one another; a single one does the same for the same seed and number everywhere.
    std::uint64_t run(std::uint64_t seed, std::uint64_t iterations, const StopFlag& stop,
                      const OnImprovement& on_improvement);

private:
    const Shop* shop_;
    Incumbent incumbent_;
    Offers<std::vector<Time>> offers_;
    Best<std::vector<Time>> best_;

    friend class Worker;
};

}  // namespace headway::search::blocking
