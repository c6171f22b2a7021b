#include "simulate/chip/planner.hpp"

#include <algorithm>

namespace headway::simulate::chip {

Planner::Planner(const Applications& applications)
    : applications_(&applications),
      reserved_(static_cast<std::size_t>(applications.n_elements())) {}

void Planner::add(Index kind, Int arrival) {
    for (auto& reserved : reserved_) {
        std::erase_if(reserved, [=](const Interval& busy) { return busy.end <= arrival; });
    }
    const std::size_t first = places_.size();
    places_.resize(first + static_cast<std::size_t>(applications_->n_tasks(kind)));
    for (const Index task : applications_->order(kind)) {
        const Place place = best(task, first, kind, arrival);
        places_[first + static_cast<std::size_t>(task - applications_->first(kind))] = place;
        reserve(place);
    }
    ++n_jobs_;
}

// Where a task ends first, all of whose parents are planned.
Planner::Place Planner::best(Index task, std::size_t first, Index kind, Int arrival) const {
    Place found{-1, 0, FOREVER};
    for (Index p = 0; p < applications_->n_elements(); ++p) {
        const Int duration = applications_->duration(task)[p];
        if (duration < 0) {
            continue;
        }
        Int from = arrival;
        for (const auto& edge : applications_->incoming(task)) {
            const auto parent = static_cast<std::size_t>(edge.source - applications_->first(kind));
            const Place& before = places_[first + parent];
            from = std::max(from,
                            before.end + applications_->delay(edge.number, before.element)[p]);
        }
        const Int start = earliest(reserved_[static_cast<std::size_t>(p)], from, duration);
        if (start + duration < found.end) {
            found = {p, start, start + duration};
        }
    }
    return found;
}

Int Planner::earliest(const std::vector<Interval>& reserved, Int from, Int duration) {
    for (const Interval& busy : reserved) {
        if (busy.end > from) {
            if (from + duration <= busy.start) {
                return from;
            }
            from = busy.end;
        }
    }
    return from;
}

void Planner::reserve(const Place& place) {
    if (place.end > place.start) {
        auto& reserved = reserved_[static_cast<std::size_t>(place.element)];
        const auto later = std::ranges::upper_bound(reserved, place.start, {}, &Interval::start);
        reserved.insert(later, {place.start, place.end});
    }
}

}  // namespace headway::simulate::chip
