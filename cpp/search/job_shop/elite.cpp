#include "search/job_shop/elite.hpp"

#include <algorithm>

#include "search/job_shop/starts.hpp"

namespace headway::search::job_shop {
namespace {

// Orders are nearly the same if they differ in less than one pair of tasks out of so many.
constexpr std::int64_t PAIRS_PER_DIFFERENCE = 40;

}  // namespace

Elite::Elite(const Shop& shop, std::size_t capacity) : shop_(&shop), capacity_(capacity) {
    std::vector<std::int64_t> crowd(static_cast<std::size_t>(shop.n_machines()));
    std::int64_t pairs = 0;
    for (Index i = 0; i < shop.n_tasks(); ++i) {
        if (shop.machine(i) >= 0) {
            pairs += crowd[static_cast<std::size_t>(shop.machine(i))]++;
        }
    }
    same_ = std::max<std::int64_t>(1, pairs / PAIRS_PER_DIFFERENCE);
}

void Elite::offer(std::vector<Index> order) {
    const std::lock_guard lock(mutex_);
    offers_.push_back(std::move(order));
}

std::optional<std::vector<Index>> Elite::take_offer() {
    const std::lock_guard lock(mutex_);
    if (offers_.empty()) {
        return std::nullopt;
    }
    std::optional<std::vector<Index>> order(std::move(offers_.back()));
    offers_.pop_back();
    return order;
}

void Elite::add(Member member) {
    const std::lock_guard lock(mutex_);
    if (!take(member)) {
        ++failures_;
    } else {
        failures_ = 0;
    }
    if (failures_ >= capacity_) {
        members_.clear();
        failures_ = 0;
    }
}

bool Elite::take(Member& member) {
    const auto close = std::ranges::find_if(members_, [&](const Member& other) {
        return distance(*shop_, member.order, other.order) < same_;
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

}  // namespace headway::search::job_shop
