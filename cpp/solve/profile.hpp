// What is left of a renewable resource, and how full a reservoir is, over time.
#pragma once

#include <vector>

#include "model/problem.hpp"

namespace headway {

// A step function of time: `value` holds from `time` to the next point.
struct Point {
    Int time;
    Int value;
};

class Capacity {
public:
    Capacity(const ProblemView& problem, Int resource);

    // `start` if `amount` is there throughout [start, free); otherwise the next instant from
    // which it is there; FOREVER if it never is again. An instant (`length` 0) that holds on until
    // `free` needs nothing from then on.
    Int fit(Int amount, Int start, Int free, Int length) const;
    // First instant of [start, free) at which `amount` is not there, or FOREVER.
    Int shortage(Int amount, Int start, Int free) const;
    // Takes `amount` (gives it back if negative) in [start, free).
    void take(Int amount, Int start, Int free);

private:
    std::size_t at(Int time) const;
    std::size_t split(Int time);

    std::vector<Point> points_;  // the first at time 0
};

class Level {
public:
    Level(const ProblemView& problem, Int resource);

    // From when on `amount` may be taken (added) for good; FOREVER if the level is too low (high)
    // until others have added (taken).
    Int earliest_take(Int amount) const;
    Int earliest_give(Int amount) const;
    void change(Int delta, Int time);

private:
    std::vector<Point> points_;  // the first at time 0
    Int low_;
    Int high_;
};

}  // namespace headway
