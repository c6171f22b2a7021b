// Exact orders of few jobs by dynamic programming over sets.
#pragma once

#include <optional>

#include "search/control.hpp"
#include "search/single/decomposition.hpp"
#include "search/single/line.hpp"

namespace headway::search::single {

inline constexpr Index MOST_SUBSET_JOBS = 20;

// An order of least value of a separable line of at most MOST_SUBSET_JOBS jobs (Held and Karp,
// 1962); none if the stop flag is set. Throws std::invalid_argument if the line is another.
std::optional<Sequence> best_by_subsets(const Line& line, const StopFlag& stop);

}  // namespace headway::search::single
