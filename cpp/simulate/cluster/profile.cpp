#include "simulate/cluster/profile.hpp"

#include <algorithm>

namespace headway::simulate {

std::size_t FreeProfile::at(Int time) const {
    const auto after = std::ranges::upper_bound(points_, time, {}, &Point::time);
    return static_cast<std::size_t>(after - points_.begin()) - 1;
}

void FreeProfile::forget_before(Int now) {
    const std::size_t k = at(now);
    points_.erase(points_.begin(), points_.begin() + static_cast<std::ptrdiff_t>(k));
    points_.front().time = now;
}

Int FreeProfile::earliest(Int amount, Int length, Int from) const {
    std::size_t k = at(from);
    Int start = from;
    while (true) {
        // Runs on while there is enough; begins anew after a stretch with too little.
        while (k < points_.size() && points_[k].free >= amount) {
            if (k + 1 == points_.size() || points_[k + 1].time >= start + length) {
                return start;
            }
            ++k;
        }
        while (points_[k].free < amount) {
            ++k;
        }
        start = points_[k].time;
    }
}

std::size_t FreeProfile::split(Int time) {
    const std::size_t k = at(time);
    if (points_[k].time == time) {
        return k;
    }
    points_.insert(points_.begin() + static_cast<std::ptrdiff_t>(k) + 1, {time, points_[k].free});
    return k + 1;
}

void FreeProfile::join(std::size_t k) {
    if (k > 0 && points_[k].free == points_[k - 1].free) {
        points_.erase(points_.begin() + static_cast<std::ptrdiff_t>(k));
    }
}

void FreeProfile::take(Int amount, Int start, Int end) {
    if (start >= end) {
        return;
    }
    const std::size_t first = split(start);
    const std::size_t last = split(end);
    for (std::size_t k = first; k < last; ++k) {
        points_[k].free -= amount;
    }
    join(last);
    join(first);
}

}  // namespace headway::simulate
