#include "search/flexible/elite.hpp"

#include <algorithm>

#include "search/flexible/starts.hpp"

namespace headway::search::flexible {
namespace {

// Plans are nearly the same if they differ in less than one task out of so many.
constexpr std::int64_t TASKS_PER_DIFFERENCE = 20;

}  // namespace

Elite::Elite(const Shop& shop, std::size_t capacity)
    : shop_(&shop),
      capacity_(capacity),
      same_(std::max<std::int64_t>(1, shop.n_tasks() / TASKS_PER_DIFFERENCE)) {}

void Elite::offer(Plan plan) {
    const std::lock_guard lock(mutex_);
    offers_.push_back(std::move(plan));
}

std::optional<Plan> Elite::take_offer() {
    const std::lock_guard lock(mutex_);
    if (offers_.empty()) {
        return std::nullopt;
    }
    std::optional<Plan> plan(std::move(offers_.back()));
    offers_.pop_back();
    return plan;
}

void Elite::add(Member member) {
    const std::lock_guard lock(mutex_);
    failures_ = take(member) ? 0 : failures_ + 1;
    if (failures_ >= capacity_) {
        members_.clear();
        failures_ = 0;
    }
}

bool Elite::take(Member& member) {
    const auto close = std::ranges::find_if(members_, [&](const Member& other) {
        return distance(*shop_, member.plan, other.plan) < same_;
    });
    if (close != members_.end()) {
        const bool better = member.makespan < close->makespan;
        if (member.makespan <= close->makespan) {
            *close = std::move(member);
        }
        return better;
    }
    if (members_.size() < capacity_) {
        members_.push_back(std::move(member));
        return true;
    }
    const auto worst = std::ranges::max_element(members_, {}, &Member::makespan);
    const bool better = member.makespan < worst->makespan;
    if (better) {
        *worst = std::move(member);
    }
    return better;
}

std::optional<std::pair<Member, Member>> Elite::parents(std::uint64_t first,
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

}  // namespace headway::search::flexible
