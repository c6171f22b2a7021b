// A shop played to its end by a native policy.
#pragma once

#include "search/control.hpp"
#include "simulate/score.hpp"
#include "simulate/shop/world.hpp"

namespace headway::simulate::shop {

// The candidate of highest score is chosen, the first of equals. If the policy waits, jobs outside
// stay there unless their score is positive or nothing is at work. False if it was stopped.
bool play(World& world, Score score, bool waits, Int until, const search::StopFlag& stop);

}  // namespace headway::simulate::shop
