#include "search/project/population.hpp"

#include <algorithm>
#include <utility>

namespace headway::search::project {

std::optional<std::size_t> Population::parents(Random& random, Member& first,
                                               Member& second) const {
    const std::lock_guard lock(mutex_);
    if (members_.size() < capacity_) {
        return std::nullopt;
    }
    const auto better = [&] {
        const std::size_t a = pick(random), b = pick(random);
        return members_[b].beats(members_[a]) ? b : a;
    };
    const std::size_t a = better();
    std::size_t b = better();
    while (b == a) {
        b = pick(random);
    }
    first = members_[a];
    second = members_[b];
    return b;
}

void Population::add(const Member& member, std::optional<std::size_t> place, Random& random) {
    const std::lock_guard lock(mutex_);
    if (member.beats(best_)) {
        best_ = member;
        in_vain_ = 0;
    } else if (++in_vain_ > patience_) {
        members_.clear();
        best_ = Member{};
        in_vain_ = 0;
        return;
    }
    if (contains(member)) {
        return;
    }
    if (members_.size() < capacity_) {
        members_.push_back(member);
        return;
    }
    Member& rival = members_[place ? *place : pick(random)];
    if (!rival.beats(member)) {
        rival = member;
    }
}

bool Population::contains(const Member& member) const {
    return std::ranges::any_of(members_, [&](const Member& other) {
        return other.value == member.value && other.slack == member.slack &&
               other.plan.start == member.plan.start &&
               other.plan.mode == member.plan.mode;
    });
}

}  // namespace headway::search::project
