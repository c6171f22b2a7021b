// Iterated greedy search on the order in which items of a no-wait shop take their places.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "search/control.hpp"
#include "search/no_wait/shop.hpp"
#include "search/no_wait/timetable.hpp"

namespace headway::search::no_wait {

// Called with each improvement of the best value: the value and all starts.
using OnImprovement = std::function<void(Time, std::span<const Time>)>;

class NoWaitSearch {
public:
    explicit NoWaitSearch(const Shop& shop);

    const Shop& shop() const { return *shop_; }
    Incumbent& incumbent() { return incumbent_; }

    // Starts of all items to search from next; only their order counts.
    void offer(std::vector<Time> start);

    // One worker: searches until about `iterations` places have been tried, `stop` is set or the
    // best value is good enough, and returns the number of places tried. Workers of several threads
    // help one another; a single one does the same for the same seed and number everywhere.
    std::uint64_t run(std::uint64_t seed, std::uint64_t iterations, const StopFlag& stop,
                      const OnImprovement& on_improvement);

private:
    std::optional<std::vector<Time>> take_offer();
    void keep(Time value, std::span<const Time> start);
    std::vector<Time> best();

    const Shop* shop_;
    std::optional<Shop> reversed_;
    Incumbent incumbent_;
    std::mutex mutex_;
    std::vector<std::vector<Time>> offers_;
    Time best_value_ = NO_LIMIT;
    std::vector<Time> best_;

    friend class Worker;
};

}  // namespace headway::search::no_wait
