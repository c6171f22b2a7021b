// Iterated greedy search on the order in which items of a no-wait shop take their places.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "search/control.hpp"
#include "search/no_wait/shop.hpp"
#include "search/no_wait/timetable.hpp"
#include "search/shared.hpp"

namespace headway::search::no_wait {

// Called with each improvement of the best value: the value and all starts.
using OnImprovement = std::function<void(Time, std::span<const Time>)>;

class NoWaitSearch {
public:
    explicit NoWaitSearch(const Shop& shop);

    const Shop& shop() const { return *shop_; }
    Incumbent& incumbent() { return incumbent_; }

    // Starts of all items to search from next; only their order counts.
    void offer(std::vector<Time> start) { offers_.add(std::move(start)); }

    // One worker: searches until about `iterations` places have been tried, `stop` is set or the
    // best value is good enough, and returns the number of places tried. Workers of several threads
    // help one another; a single one does the same for the same seed and number everywhere.
    std::uint64_t run(std::uint64_t seed, std::uint64_t iterations, const StopFlag& stop,
                      const OnImprovement& on_improvement);

private:
    const Shop* shop_;
    std::optional<Shop> reversed_;
    Incumbent incumbent_;
    Offers<std::vector<Time>> offers_;
    Best<std::vector<Time>> best_;

    friend class Worker;
};

}  // namespace headway::search::no_wait
