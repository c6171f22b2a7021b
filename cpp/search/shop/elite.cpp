#include "search/shop/elite.hpp"

#include <algorithm>

namespace headway::search::shop {
namespace {

// Solutions are nearly the same if they differ in less than one node out of so many.
constexpr std::int64_t NODES_PER_DIFFERENCE = 16;

}  // namespace

Elite::Elite(const Shop& shop, std::size_t capacity)
    : shop_(&shop),
      capacity_(capacity),
      same_(std::max<std::int64_t>(1, shop.no_node() / NODES_PER_DIFFERENCE)) {}

void Elite::offer(Solution solution) {
    const std::lock_guard lock(mutex_);
    offers_.push_back(std::move(solution));
}

std::optional<Solution> Elite::take_offer() {
    const std::lock_guard lock(mutex_);
    if (offers_.empty()) {
        return std::nullopt;
    }
    std::optional<Solution> solution(std::move(offers_.back()));
    offers_.pop_back();
    return solution;
}

void Elite::add(Solution member) {
    const std::lock_guard lock(mutex_);
    failures_ = take(member) ? 0 : failures_ + 1;
    if (failures_ >= capacity_) {
        members_.clear();
        failures_ = 0;
    }
}

bool Elite::take(Solution& member) {
    const auto close = std::ranges::find_if(members_, [&](const Solution& other) {
        return distance(*shop_, member, other) < same_;
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

std::optional<std::pair<Solution, Solution>> Elite::parents(std::uint64_t first,
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

}  // namespace headway::search::shop
