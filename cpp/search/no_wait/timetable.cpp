#include "search/no_wait/timetable.hpp"

#include <algorithm>
#include <numeric>

namespace headway::search::no_wait {
namespace {

// The range around a number, or null.
const Range* around(std::span<const Range> ranges, Time number) {
    if (ranges.empty() || number < ranges.front().first || number > ranges.back().last) {
        return nullptr;
    }
    const auto range = std::ranges::lower_bound(ranges, number, {}, &Range::last);
    return range->first <= number ? &*range : nullptr;
}

}  // namespace

Timetable::Timetable(const Shop& shop) : shop_(&shop), start_(at(shop.n_items())) {
    order_.reserve(start_.size());
    trial_.reserve(start_.size() + 1);
    values_.reserve(start_.size() + 1);
    load({});
}

void Timetable::load(std::span<const Index> order) {
    if (order.data() != order_.data()) {
        order_.assign(order.begin(), order.end());
    }
    values_.assign(1, shop_->total() ? 0 : -NO_LIMIT);
    for (std::size_t k = 0; k < order_.size(); ++k) {
        start_[at(order_[k])] = earliest(order_[k], {order_.data(), k});
        values_.push_back(joined(values_.back(), order_[k]));
    }
    value_ = values_.back();
}

void Timetable::load_like(std::span<const Time> start) {
    constexpr std::size_t MANY = 200;
    std::vector<Index> left(start.size());
    std::iota(left.begin(), left.end(), 0);
    std::ranges::stable_sort(left, {}, [&](Index i) { return start[at(i)]; });
    if (left.size() > MANY) {
        load(left);
        return;
    }
    order_.clear();
    while (!left.empty()) {
        const auto fits = [&](Index i) { return earliest(i, order_) == start[at(i)]; };
        auto next = std::ranges::find_if(left, fits);
        next = next == left.end() ? left.begin() : next;
        start_[at(*next)] = earliest(*next, order_);
        order_.push_back(*next);
        left.erase(next);
    }
    load(order_);
}

void Timetable::remove(std::size_t place) {
    order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(place));
    load(order_);
}

Time Timetable::joined(Time value, Index item) const {
    if (!shop_->counts(item)) {
        return value;
    }
    const Time cost = shop_->cost(item, start_[at(item)]);
    return shop_->total() ? value + cost : std::max(value, cost);
}

// Starts that one item or a break excludes are jumped over, until all agree.
Time Timetable::earliest(Index item, std::span<const Index> placed) const {
    Time start = shop_->release(item);
    const auto breaks = shop_->breaks(item);
    const auto leave_break = [&] {
        const Range* const rest = around(breaks, start);
        if (rest != nullptr) {
            start = rest->last + 1;
        }
        return rest != nullptr;
    };
    leave_break();
    std::size_t agreed = 0;
    for (std::size_t k = 0; agreed < placed.size(); k = k + 1 == placed.size() ? 0 : k + 1) {
        const Time begin = start_[at(placed[k])];
        const Range* const conflict = around(shop_->conflicts(placed[k], item), start - begin);
        if (conflict == nullptr) {
            ++agreed;
        } else {
            start = begin + conflict->last + 1;
            agreed = leave_break() ? 0 : 1;
        }
    }
    return start;
}

Time Timetable::place_from(std::size_t first, Time value, Time limit) {
    for (std::size_t k = first; k < trial_.size(); ++k) {
        start_[at(trial_[k])] = earliest(trial_[k], {trial_.data(), k});
        value = joined(value, trial_[k]);
        if (value > limit) {
            return NO_LIMIT;
        }
    }
    return value;
}

}  // namespace headway::search::no_wait
