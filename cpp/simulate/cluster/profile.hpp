// What is free of a pool over the time to come: a step function with a horizon on the left.
#pragma once

#include <vector>

#include "base.hpp"

namespace headway::simulate {

class FreeProfile {
public:
    explicit FreeProfile(Int capacity) : points_{{0, capacity}} {}

    // Forgets what was free before `now`, which never decreases.
    void forget_before(Int now);
    // The earliest instant from `from` on at which `amount` is free for `length` > 0 ticks. Past
    // the last point everything is free.
    Int earliest(Int amount, Int length, Int from) const;
    // Takes `amount` (gives it back if negative) in [start, end).
    void take(Int amount, Int start, Int end);

private:
    struct Point {
        Int time;
        Int free;  // from `time` to the next point
    };

    std::size_t at(Int time) const;
    std::size_t split(Int time);
    void join(std::size_t k);

    std::vector<Point> points_;
};

}  // namespace headway::simulate
