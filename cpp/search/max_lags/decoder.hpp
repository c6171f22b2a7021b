// From lists of tasks to schedules that keep minimum and maximum lags.
#pragma once

#include <span>
#include <vector>

#include "search/control.hpp"
#include "search/max_lags/lags.hpp"
#include "search/project/decoder.hpp"
#include "search/project/profile.hpp"

namespace headway::search::max_lags {

using project::Plan;

// Serial schedule generation with unscheduling: each task of a list in turn starts as early as it
// can. If that is too late for those that it may not be far behind of, these are delayed, and what
// starts after the first of them is scheduled anew.
class Decoder {
public:
    // Passes end early once `stop` is set.
    Decoder(const LagProject& project, const StopFlag& stop);

    // Sets the starts of a plan; `order` holds every task once. False if some task finds no place
    // after many delays, or if the pass was stopped.
    bool forward(std::span<const Index> order, Plan& plan);
    // The same with time reversed: tasks end as late as they can, all before `turn`. The starts
    // that come out may be negative; `makespan` is the distance from the first to `turn`.
    bool backward(std::span<const Index> order, Time turn, Plan& plan);

    // The task that had no place when the last pass failed.
    Index blamed() const { return blamed_; }

private:
    template <bool reversed>
    bool pass(std::span<const Index> order);
    template <bool reversed>
    Time find(Index task) const;
    template <bool reversed>
    void fix(Index task, Time point);
    template <bool reversed>
    void delay(Index task, Time point);
    template <bool reversed>
    void restore();

    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    const LagProject* project_;
    const StopFlag* stop_;
    project::StepProfile profile_;
    project::Direction direction_;
    // By task: its start, or with time reversed the end of its mirror image, which is as far
    // behind the turn as its start is ahead of it. So the same lags bind both.
    std::vector<Time> point_;
    std::vector<Time> floor_;             // least points, by releases and delays
    std::vector<Time> earliest_, latest_;  // points that fit to what is placed
    std::vector<char> placed_;
    std::vector<Index> delayed_;
    Index blamed_ = 0;
};

}  // namespace headway::search::max_lags
