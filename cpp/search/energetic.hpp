// A lower bound on the makespan from the work that a shared resource must do between two instants.
#pragma once

#include "base.hpp"

namespace headway::search {

// Tasks on one shared resource: earliest start, duration, least time from the end of the task to
// the end of all work, and units needed. The capacity is step_capacity[k] from step_time[k] on;
// the first step is at time 0.
struct EnergyTables {
    Ints head, work, tail, amount;
    Ints step_time, step_capacity;
};

// The smallest makespan from `low` on that energetic reasoning cannot refute: for no interval does
// the work that tasks must do in it, however they are shifted between their earliest start and
// latest end, exceed what the resource can do (Baptiste, Le Pape, Nuijten, 1999). About `effort`
// steps are made at most for each makespan tried; with few of them fewer intervals are looked at.
// Throws std::invalid_argument if the columns do not fit together.
Int energetic_bound(const EnergyTables& tables, Int low, Int effort);

}  // namespace headway::search
