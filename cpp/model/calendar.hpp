// Breaks: when a resource does no work.
#pragma once

#include <algorithm>

#include "base.hpp"

namespace headway {

// Sorted, disjoint breaks [start, end).
struct Calendar {
    Ints start;
    Ints end;

    bool empty() const { return start.empty(); }

    // First break that ends after t.
    std::size_t next(Int t) const {
        return static_cast<std::size_t>(std::upper_bound(end.begin(), end.end(), t) - end.begin());
    }

    // t itself, or the end of the break it lies in.
    Int leave(Int t) const {
        const std::size_t k = next(t);
        return k < end.size() && start[k] <= t ? end[k] : t;
    }

    // from itself if [from, to) touches no break, or the end of the first one it runs into. An
    // instant may lie on the rim of a break but not inside.
    Int avoid(Int from, Int to) const {
        const std::size_t k = next(from);
        return k < end.size() && start[k] < to ? end[k] : from;
    }

    // When `work` ticks begun at t (outside breaks) are done, pausing in breaks.
    Int finish(Int t, Int work) const {
        for (std::size_t k = next(t); k < end.size() && start[k] < t + work; ++k) {
            work -= start[k] - t;
            t = end[k];
        }
        return t + work;
    }

    // Smallest start >= t whose work is done at `target` or later.
    Int start_to_finish_at(Int t, Int work, Int target) const {
        Int low = t;
        Int high = std::max(t, target);
        while (low < high) {
            const Int middle = low + (high - low) / 2;
            if (finish(leave(middle), work) >= target) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
};

}  // namespace headway
