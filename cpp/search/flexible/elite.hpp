// The best plans found so far, shared by all workers of one search.
#pragma once

#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "search/flexible/shop.hpp"

namespace headway::search::flexible {

struct Member {
    Time makespan = std::numeric_limits<Time>::max();
    Plan plan;
};

// A population in which no two members are nearly the same. All of it may be called from several
// threads.
class Elite {
public:
    Elite(const Shop& shop, std::size_t capacity);

    // A plan to begin with before random ones are tried.
    void offer(Plan plan);
    std::optional<Plan> take_offer();

    // Adds a member that tabu search has improved: in place of one that is nearly the same if it
    // is no worse, else in place of the worst if it is better. Once many in a row have brought
    // nothing better, the population has settled: all of it is let go, and a new one is to come.
    void add(Member member);
    // Two different members, picked by any two numbers; none while the population is to grow.
    std::optional<std::pair<Member, Member>> parents(std::uint64_t first,
                                                     std::uint64_t second) const;

private:
    bool take(Member& member);

    const Shop* shop_;
    std::size_t capacity_;
    std::int64_t same_;
    mutable std::mutex mutex_;
    std::vector<Member> members_;
    std::size_t failures_ = 0;
    std::vector<Plan> offers_;
};

}  // namespace headway::search::flexible
