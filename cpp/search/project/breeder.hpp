// New lists of tasks, at random or from two plans.
#pragma once

#include <span>
#include <vector>

#include "search/project/decoder.hpp"
#include "search/project/project.hpp"
#include "search/random.hpp"

namespace headway::search::project {

// Makes keys, by which tasks are sorted into a list, and modes.
class Breeder {
public:
    explicit Breeder(const Project& project);

    // Tasks by the time that is to pass from their start to the end of all work, longest first,
    // but blurred.
    void sample(Random& random, std::vector<Time>& key, std::vector<Index>& mode) const;
    // What starts within some window of time, from one plan, now and then in blurred order; what
    // is before and behind, from the other; and few modes at random.
    void cross(const Plan& window, const Plan& rest, Random& random, std::vector<Time>& key,
               std::vector<Index>& mode) const;

private:
    Index any_mode(Index task, Random& random) const;

    const Project* project_;
    Time longest_ = 1;
};

}  // namespace headway::search::project
