// The plans that workers breed from.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "search/project/decoder.hpp"
#include "search/random.hpp"

namespace headway::search::project {

// A plan and what it is worth: its makespan, or more than any makespan if budgets are exceeded.
struct Member {
    Plan plan;
    Int value = FOREVER;
};

// A set of different plans. All of it may be called from several threads.
class Population {
public:
    Population(std::size_t capacity, std::uint64_t patience)
        : capacity_(capacity), patience_(patience * capacity) {}

    // A plan to begin with before others are made.
    void offer(Plan plan);
    std::optional<Plan> take_offer();

    // Copies two different members, the better ones more often; false while there are too few.
    bool parents(Random& random, Member& first, Member& second) const;
    // Adds a member unless it is there, in place of one that is no better if there is no more
    // room. Once many in a row have brought no better value, all members are let go.
    void add(const Member& member, Random& random);

private:
    std::size_t pick(Random& random) const {
        return static_cast<std::size_t>(random.below(static_cast<std::int32_t>(members_.size())));
    }
    bool contains(const Member& member) const;

    std::size_t capacity_;
    std::uint64_t patience_;
    mutable std::mutex mutex_;
    std::vector<Member> members_;
    std::vector<Plan> offers_;
    Int best_ = FOREVER;
    std::uint64_t in_vain_ = 0;
};

}  // namespace headway::search::project
