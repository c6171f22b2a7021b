// Bounds by a single machine: heads, work and tails.
#pragma once

#include "base.hpp"

namespace headway::search {

// The smallest possible latest end of work plus tail, by Carlier's branch and bound (1982); after
// `nodes` nodes a lower bound on it. Throws std::invalid_argument if the columns differ in length.
Int one_machine_optimum(Ints head, Ints work, Ints tail, Int nodes);

}  // namespace headway::search
