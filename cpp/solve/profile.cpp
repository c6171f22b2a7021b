#include "solve/profile.hpp"

#include <algorithm>

namespace headway {

Capacity::Capacity(const ProblemView& problem, Int resource) {
    const ResourceTable& table = problem.resources;
    points_.push_back({0, table.capacity[resource]});
    for (Int k = table.step_ptr[resource]; k < table.step_ptr[resource + 1]; ++k) {
        if (table.step_time[k] <= 0) {
            points_.back().value = table.step_capacity[k];
        } else {
            points_.push_back({table.step_time[k], table.step_capacity[k]});
        }
    }
}

std::size_t Capacity::at(Int time) const {
    const auto after = std::ranges::upper_bound(points_, time, {}, &Point::time);
    return static_cast<std::size_t>(after - points_.begin()) - 1;
}

Int Capacity::fit(Int amount, Int start, Int free, Int length) const {
    if (start >= free) {
        return start;
    }
    for (std::size_t k = at(start); k < points_.size() && points_[k].time < free; ++k) {
        if (points_[k].value < amount) {
            while (k < points_.size() && points_[k].value < amount) {
                ++k;
            }
            const Int there = k < points_.size() ? points_[k].time : FOREVER;
            return length == 0 ? std::min(there, free) : there;
        }
    }
    return start;
}

Int Capacity::shortage(Int amount, Int start, Int free) const {
    if (start >= free) {
        return FOREVER;
    }
    for (std::size_t k = at(start); k < points_.size() && points_[k].time < free; ++k) {
        if (points_[k].value < amount) {
            return std::max(start, points_[k].time);
        }
    }
    return FOREVER;
}

std::size_t Capacity::split(Int time) {
    const std::size_t k = at(time);
    if (points_[k].time == time) {
        return k;
    }
    points_.insert(points_.begin() + static_cast<std::ptrdiff_t>(k) + 1, {time, points_[k].value});
    return k + 1;
}

void Capacity::take(Int amount, Int start, Int free) {
    if (start >= free) {
        return;
    }
    const std::size_t first = split(start);
    const std::size_t last = split(free);
    for (std::size_t k = first; k < last; ++k) {
        points_[k].value -= amount;
    }
    // Points that no longer change anything go, so that tried and undone tasks leave no trace.
    for (const std::size_t k : {last, first}) {
        if (k > 0 && points_[k].value == points_[k - 1].value) {
            points_.erase(points_.begin() + static_cast<std::ptrdiff_t>(k));
        }
    }
}

Level::Level(const ProblemView& problem, Int resource)
    : points_{{0, problem.resources.level[resource]}},
      low_(problem.resources.level_min[resource]),
      high_(problem.resources.level_max[resource]) {}

Int Level::earliest_take(Int amount) const {
    std::size_t k = points_.size();
    while (k > 0 && points_[k - 1].value - amount >= low_) {
        --k;
    }
    return k < points_.size() ? points_[k].time : FOREVER;
}

Int Level::earliest_give(Int amount) const {
    std::size_t k = points_.size();
    while (k > 0 && points_[k - 1].value + amount <= high_) {
        --k;
    }
    return k < points_.size() ? points_[k].time : FOREVER;
}

void Level::change(Int delta, Int time) {
    auto at = std::ranges::lower_bound(points_, time, {}, &Point::time);
    if (at == points_.end() || at->time != time) {
        at = points_.insert(at, {time, std::prev(at)->value});
    }
    const auto here = static_cast<std::size_t>(at - points_.begin());
    for (std::size_t k = here; k < points_.size(); ++k) {
        points_[k].value += delta;
    }
    if (here > 0 && points_[here].value == points_[here - 1].value) {
        points_.erase(points_.begin() + static_cast<std::ptrdiff_t>(here));
    }
}

}  // namespace headway
