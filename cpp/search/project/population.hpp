// The plans that workers breed from.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "search/project/decoder.hpp"
#include "search/random.hpp"
#include "search/shared.hpp"

namespace headway::search::project {

// A plan and what it is worth.
struct Member {
    Plan plan;
    Int value = FOREVER;  // the makespan, or more than any makespan if budgets are exceeded
    // By how much tasks could be moved to the right, all together. Of two plans of one value, the
    // one with more room is closer to a shorter one.
    Int slack = 0;

    bool beats(const Member& other) const {
        return value < other.value || (value == other.value && slack > other.slack);
    }
};

// A set of different plans. A child competes with the parent that it has most from, so that the
// population stays diverse. All of it may be called from several threads.
class Population {
public:
    Population(std::size_t capacity, std::uint64_t patience)
        : capacity_(capacity), patience_(patience * capacity) {}

    // A plan to begin with before others are made.
    void offer(Plan plan) { offers_.add(std::move(plan)); }
    std::optional<Plan> take_offer() { return offers_.take(); }

    // Copies two different members, the better ones more often, and returns the place of the
    // second; none while there are too few.
    std::optional<std::size_t> parents(Random& random, Member& first, Member& second) const;
    // Adds a member, unless it is there, if there is room or if the one at `place`, or at some
    // random place, does not beat it. Once many in a row have not beaten the best one, all members
    // are let go.
    void add(const Member& member, std::optional<std::size_t> place, Random& random);

private:
    std::size_t pick(Random& random) const {
        return static_cast<std::size_t>(random.below(static_cast<std::int32_t>(members_.size())));
    }
    bool contains(const Member& member) const;

    std::size_t capacity_;
    std::uint64_t patience_;
    Offers<Plan> offers_;
    mutable std::mutex mutex_;
    std::vector<Member> members_;
    Member best_;
    std::uint64_t in_vain_ = 0;
};

}  // namespace headway::search::project
