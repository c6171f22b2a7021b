// A policy that is a score, run to the end without Python.
#pragma once

#include "search/control.hpp"
#include "simulate/chip/stream.hpp"
#include "simulate/score.hpp"

namespace headway::simulate::chip {

// Commits the candidate of largest score, the first of equals, until the end or the stop flag is
// set. If `waits`, nothing is committed unless its score is positive, where waiting is possible.
void run(Stream& stream, Score& score, bool waits, const search::StopFlag& stop);

}  // namespace headway::simulate::chip
