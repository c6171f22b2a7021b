// When a machine rests, and where tasks fit in between.
#pragma once

#include <algorithm>
#include <vector>

#include "base.hpp"

namespace headway::search::job_shop {

using Time = Int;

// The time [off, on) in which a machine does not work.
struct Break {
    Time off, on;
};

// The breaks of one machine. A task that may pause goes on when a break is over; it starts and ends
// with work. Any other must not lie across a break, nor inside one if it has no length.
class Calendar {
public:
    // Takes breaks in any order; those that touch are joined.
    explicit Calendar(std::vector<Break> breaks);

    bool empty() const { return breaks_.empty(); }

    // Earliest start from a time on.
    Time start(Time time, Time duration, bool pauses) const {
        for (std::size_t k = ending_after(time); k < breaks_.size(); ++k) {
            const Break& rest = breaks_[k];
            if (pauses ? rest.off > time : rest.off >= time + duration) {
                break;
            }
            time = rest.on;
        }
        return time;
    }

    // End of a task with a valid start.
    Time end(Time start, Time duration, bool pauses) const {
        Time end = start + duration;
        if (pauses) {
            for (std::size_t k = ending_after(start);
                 k < breaks_.size() && breaks_[k].off < end; ++k) {
                end += breaks_[k].on - breaks_[k].off;
            }
        }
        return end;
    }

    // Latest valid start with an end of at most `end`.
    Time latest_start(Time end, Time duration, bool pauses) const {
        std::size_t k = beginning_before(end);
        if (pauses && k > 0 && breaks_[k - 1].on >= end) {
            end = breaks_[--k].off;
        }
        Time start = end - duration;
        for (; k > 0 && breaks_[k - 1].on > start; --k) {
            const Break& rest = breaks_[k - 1];
            start = pauses ? start - (rest.on - rest.off) : rest.off - duration;
        }
        return start;
    }

    // Latest valid start of at most `start`.
    Time start_by(Time start, Time duration, bool pauses) const {
        if (!pauses) {
            return latest_start(start + duration, duration, false);
        }
        const std::size_t k = beginning_before(start + 1);
        return k > 0 && breaks_[k - 1].on > start ? breaks_[k - 1].off - 1 : start;
    }

private:
    // The first break that ends after a time.
    std::size_t ending_after(Time time) const {
        const auto found = std::ranges::upper_bound(breaks_, time, {}, &Break::on);
        return static_cast<std::size_t>(found - breaks_.begin());
    }
    // How many breaks begin before a time.
    std::size_t beginning_before(Time time) const {
        const auto found = std::ranges::lower_bound(breaks_, time, {}, &Break::off);
        return static_cast<std::size_t>(found - breaks_.begin());
    }

    std::vector<Break> breaks_;
};

inline Calendar::Calendar(std::vector<Break> breaks) {
    std::ranges::sort(breaks, {}, &Break::off);
    for (const Break& rest : breaks) {
        if (!breaks_.empty() && rest.off <= breaks_.back().on) {
            breaks_.back().on = std::max(breaks_.back().on, rest.on);
        } else {
            breaks_.push_back(rest);
        }
    }
}

}  // namespace headway::search::job_shop
