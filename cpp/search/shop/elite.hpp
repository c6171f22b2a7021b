// The best solutions found so far, shared by all workers of one search.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "search/shop/solution.hpp"

namespace headway::search::shop {

// A population in which no two members are nearly the same. All of it may be called from several
// threads.
class Elite {
public:
    Elite(const Shop& shop, std::size_t capacity);

    // A solution to begin with before random ones are tried.
    void offer(Solution solution);
    std::optional<Solution> take_offer();

    // Adds a member that tabu search has improved: in place of one that is nearly the same if it
    // is no worse, else in place of the worst if it is better. Once many in a row have brought
    // nothing better, the population has settled: all of it is let go, and a new one is to come.
    void add(Solution member);
    // Two different members, picked by any two numbers; none while the population is to grow.
    std::optional<std::pair<Solution, Solution>> parents(std::uint64_t first,
                                                         std::uint64_t second) const;

private:
    bool take(Solution& member);

    const Shop* shop_;
    std::size_t capacity_;
    std::int64_t same_;
    mutable std::mutex mutex_;
    std::vector<Solution> members_;
    std::size_t failures_ = 0;
    std::vector<Solution> offers_;
};

}  // namespace headway::search::shop
