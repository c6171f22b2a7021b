// Choices of modes that budgets can pay for.
#pragma once

#include <span>
#include <vector>

#include "search/project/project.hpp"
#include "search/random.hpp"

namespace headway::search::project {

class Treasurer {
public:
    explicit Treasurer(const Project& project);

    // What is spent beyond the budgets, all of them together.
    Int excess(std::span<const Index> mode);
    // Changes modes until budgets hold, or until too many changes did not help; returns the excess
    // that is left.
    Int repair(std::span<Index> mode, Random& random);

private:
    Int change(Index from, Index to) const;

    const Project* project_;
    std::vector<Int> spent_;
};

}  // namespace headway::search::project
