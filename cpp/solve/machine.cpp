#include "solve/machine.hpp"

#include <algorithm>
#include <tuple>

namespace headway {

bool Machine::inseparable(Int before, Int after) const {
    const auto followers = network_->directly_before[before];
    return std::ranges::find(followers, after) != followers.end();
}

bool Machine::precedes(const Stay& a, const Stay& b) {
    return std::tie(a.start, a.free, a.task) < std::tie(b.start, b.free, b.task);
}

std::size_t Machine::first_from(Int start) const {
    const auto at = std::ranges::lower_bound(stays_, start, {}, &Stay::start);
    return static_cast<std::size_t>(at - stays_.begin());
}

std::size_t Machine::position(Int task, Int start) const {
    std::size_t k = first_from(start);
    while (stays_[k].task != task) {
        ++k;
    }
    return k;
}

Int Machine::fit(const Visitor& visitor, Int start, Int free) const {
    std::size_t gap = first_from(start);
    if (visitor.length > 0) {
        gap = std::max(gap, packed_);
    }
    for (; gap <= stays_.size(); ++gap) {
        const Stay* left = gap > 0 ? &stays_[gap - 1] : nullptr;
        const Stay* right = gap < stays_.size() ? &stays_[gap] : nullptr;
        const Int before = left ? left->task : ABSENT;
        const Int after = right ? right->task : ABSENT;
        if ((visitor.directly_after != ABSENT && visitor.directly_after != before) ||
            (visitor.directly_before != ABSENT && visitor.directly_before != after) ||
            (left && right && inseparable(before, after))) {
            continue;
        }
        const Int idle_from = left ? left->free : 0;
        Int earliest = std::max(start, idle_from + setup(before, visitor.task));
        Int latest = FOREVER;
        if (right) {
            latest = right->start - setup(visitor.task, after);
        }
        if (visitor.length == 0 && free - start == 0) {
            // Instants at one time stand in the order of their positions.
            if (left && !precedes(*left, {earliest, earliest, visitor.task})) {
                ++earliest;
            }
            if (right && !precedes({earliest, earliest, visitor.task}, *right)) {
                continue;
            }
        }
        if (earliest + visitor.length > latest) {
            continue;
        }
        if (earliest > start) {
            return earliest;
        }
        if (free <= latest) {
            return start;
        }
    }
    return FOREVER;
}

void Machine::insert(Int task, Int start, Int free) {
    const Stay stay{start, free, task};
    const auto at = std::ranges::lower_bound(stays_, stay, precedes);
    stays_.insert(at, stay);
    while (packed_ < stays_.size() &&
           stays_[packed_].start == (packed_ > 0 ? stays_[packed_ - 1].free : 0)) {
        ++packed_;
    }
}

void Machine::remove(Int task, Int start) {
    const std::size_t k = position(task, start);
    stays_.erase(stays_.begin() + static_cast<std::ptrdiff_t>(k));
    packed_ = std::min(packed_, k);
}

void Machine::extend(Int task, Int start, Int free) {
    const std::size_t k = position(task, start);
    stays_[k].free = free;
    packed_ = std::min(packed_, k);
}

Int Machine::clash(Int task, Int start, Int free) const {
    const std::size_t next = position(task, start) + 1;
    if (next < stays_.size() &&
        stays_[next].start < free + setup(task, stays_[next].task)) {
        return stays_[next].start;
    }
    return FOREVER;
}

Int Machine::next_start(Int task, Int start) const {
    const std::size_t next = position(task, start) + 1;
    return next < stays_.size() ? stays_[next].start : FOREVER;
}

Int Machine::busy_until(Int now) const {
    const std::size_t next = first_from(now + 1);
    return next > 0 ? std::max(now, stays_[next - 1].free) : now;
}

}  // namespace headway
