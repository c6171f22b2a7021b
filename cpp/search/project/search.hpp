// Evolution of activity lists with forward-backward improvement, for the makespan of projects.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "search/control.hpp"
#include "search/project/population.hpp"
#include "search/project/project.hpp"

namespace headway::search::project {

struct SearchSettings {
    std::size_t population = 200;
    std::uint64_t patience = 300;  // children in a row without a better value, per member
};

// Called with each improvement of the best makespan: its value, all starts and all modes.
using OnImprovement = std::function<void(Int, std::span<const Time>, std::span<const Index>)>;

class ProjectSearch {
public:
    ProjectSearch(const Project& project, const SearchSettings& settings)
        : project_(&project), population_(settings.population, settings.patience) {}

    const Project& project() const { return *project_; }
    Population& population() { return population_; }
    Incumbent& incumbent() { return incumbent_; }

    // One worker: searches until about `passes` schedules are generated, `stop` is set or the best
    // plan is good enough, and returns the number of schedules. Workers of several threads share
    // a population; a single one does the same for the same seed and number of passes everywhere.
    std::uint64_t run(std::uint64_t seed, std::uint64_t passes, const StopFlag& stop,
                      const OnImprovement& on_improvement);

private:
    const Project* project_;
    Population population_;
    Incumbent incumbent_;
};

}  // namespace headway::search::project
