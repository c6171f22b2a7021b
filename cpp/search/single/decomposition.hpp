// The least total tardiness on one machine, exactly.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base.hpp"
#include "search/control.hpp"

namespace headway::search::single {

struct Sequence {
    Int value = 0;
    std::vector<Int> order;
};

// An order of least total tardiness of jobs that are all ready at 0, by Lawler's decomposition
// (1977) with the positions that Potts and Van Wassenhove (1982) leave, every subproblem solved
// once; none if that takes more than `states` of them or the stop flag is set. Throws
// std::invalid_argument if the columns differ in length or a time is negative.
std::optional<Sequence> least_total_tardiness(Ints work, Ints due, std::size_t states,
                                              const StopFlag& stop);

}  // namespace headway::search::single
