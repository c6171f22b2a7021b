// Evolution of activity lists for the makespan of projects with minimum and maximum lags.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "search/control.hpp"
#include "search/max_lags/lags.hpp"
#include "search/project/population.hpp"

namespace headway::search::max_lags {

// Called with each improvement of the best makespan: its value and all starts.
using OnImprovement = std::function<void(Int, std::span<const Time>)>;

class LagSearch {
public:
    // As in project::SearchSettings.
    LagSearch(const LagProject& project, std::size_t population, std::uint64_t patience)
        : project_(&project), population_(population, patience) {}

    const LagProject& project() const { return *project_; }
    project::Population& population() { return population_; }
    Incumbent& incumbent() { return incumbent_; }

    // One worker, as in project::ProjectSearch::run.
    std::uint64_t run(std::uint64_t seed, std::uint64_t passes, const StopFlag& stop,
                      const OnImprovement& on_improvement);

private:
    const LagProject* project_;
    project::Population population_;
    Incumbent incumbent_;
};

}  // namespace headway::search::max_lags
