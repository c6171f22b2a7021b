// The best solutions found so far, shared by all workers of one search.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "search/shared.hpp"

namespace headway::search {

// A population in which no two members are nearly the same, by their distance(shop, a, b). All of
// it may be called from several threads.
template <class Shop, class Solution>
class Elite {
public:
    Elite(const Shop& shop, std::size_t capacity, std::int64_t least_distance)
        : shop_(&shop), capacity_(capacity), least_distance_(least_distance) {}

    // A solution to begin with before random ones are tried.
    void offer(Solution solution) { offers_.add(std::move(solution)); }
    std::optional<Solution> take_offer() { return offers_.take(); }

    // Adds a member that tabu search has improved: in place of one that is nearly the same if it
    // is no worse, else in place of the worst if it is better. Once many in a row have brought
    // nothing better, the population has settled: all of it is let go, and a new one is to come.
    void add(Solution member) {
        const std::lock_guard lock(mutex_);
        failures_ = take(member) ? 0 : failures_ + 1;
        if (failures_ >= capacity_) {
            members_.clear();
            failures_ = 0;
        }
    }
    // Two different members, picked by any two numbers; none while the population is to grow.
    std::optional<std::pair<Solution, Solution>> parents(std::uint64_t first,
                                                         std::uint64_t second) const {
        const std::lock_guard lock(mutex_);
        if (members_.size() < capacity_) {
            return std::nullopt;
        }
        const std::size_t a = first % members_.size();
        std::size_t b = second % (members_.size() - 1);
        b += b >= a ? 1 : 0;
        return std::pair{members_[a], members_[b]};
    }

private:
    bool take(Solution& member) {
        const auto close = std::ranges::find_if(members_, [&](const Solution& other) {
            return distance(*shop_, member, other) < least_distance_;
        });
        if (close != members_.end()) {
            const bool better = member.value < close->value;
            if (member.value <= close->value) {
                *close = std::move(member);
            }
            return better;
        }
        if (members_.size() < capacity_) {
            members_.push_back(std::move(member));
            return true;
        }
        const auto worst = std::ranges::max_element(members_, {}, &Solution::value);
        const bool better = member.value < worst->value;
        if (better) {
            *worst = std::move(member);
        }
        return better;
    }

    const Shop* shop_;
    std::size_t capacity_;
    std::int64_t least_distance_;
    Offers<Solution> offers_;
    mutable std::mutex mutex_;
    std::vector<Solution> members_;
    std::size_t failures_ = 0;
};

}  // namespace headway::search
