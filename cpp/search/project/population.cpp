#include "search/project/population.hpp"

#include <algorithm>
#include <utility>

namespace headway::search::project {
namespace {

// The worst of so many members, picked at random, makes room for a new one.
constexpr int CANDIDATES_TO_LEAVE = 5;

}  // namespace

void Population::offer(Plan plan) {
    const std::lock_guard lock(mutex_);
    offers_.push_back(std::move(plan));
}

std::optional<Plan> Population::take_offer() {
    const std::lock_guard lock(mutex_);
    if (offers_.empty()) {
        return std::nullopt;
    }
    std::optional<Plan> plan(std::move(offers_.back()));
    offers_.pop_back();
    return plan;
}

bool Population::parents(Random& random, Member& first, Member& second) const {
    const std::lock_guard lock(mutex_);
    if (members_.size() < capacity_) {
        return false;
    }
    const auto better = [&] {
        const std::size_t a = pick(random), b = pick(random);
        return members_[a].value <= members_[b].value ? a : b;
    };
    const std::size_t a = better();
    std::size_t b = better();
    while (b == a) {
        b = pick(random);
    }
    first = members_[a];
    second = members_[b];
    return true;
}

void Population::add(const Member& member, Random& random) {
    const std::lock_guard lock(mutex_);
    in_vain_ = member.value < best_ ? 0 : in_vain_ + 1;
    best_ = std::min(best_, member.value);
    if (in_vain_ > patience_) {
        members_.clear();
        best_ = FOREVER;
        in_vain_ = 0;
    } else if (contains(member)) {
        return;
    } else if (members_.size() < capacity_) {
        members_.push_back(member);
    } else {
        std::size_t leaves = pick(random);
        for (int k = 1; k < CANDIDATES_TO_LEAVE; ++k) {
            const std::size_t other = pick(random);
            leaves = members_[other].value > members_[leaves].value ? other : leaves;
        }
        if (member.value <= members_[leaves].value) {
            members_[leaves] = member;
        }
    }
}

bool Population::contains(const Member& member) const {
    return std::ranges::any_of(members_, [&](const Member& other) {
        return other.value == member.value && other.plan.start == member.plan.start &&
               other.plan.mode == member.plan.mode;
    });
}

}  // namespace headway::search::project
