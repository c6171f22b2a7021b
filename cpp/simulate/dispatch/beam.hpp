// Looking ahead: partial schedules, each judged by what the rule makes of it in the end.
#pragma once

#include "simulate/dispatch/passes.hpp"

namespace headway::simulate::dispatch {

// Extends the `width` best partial schedules by the `breadth` best candidates of each, one operation
// after another, and judges each by going on greedily to the end. With width 1 that is a rollout.
// Partial schedules that are the same count once. Returns the number of greedy passes.
Int beam(Dispatcher& dispatcher, Int width, Int breadth, const search::StopFlag& stop,
         const OnImprovement& on_improvement);

}  // namespace headway::simulate::dispatch
