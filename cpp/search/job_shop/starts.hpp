// Plans to begin a search with: built at random, or between two known ones.
#pragma once

#include <span>
#include <vector>

#include "search/random.hpp"
#include "search/job_shop/shop.hpp"

namespace headway::search::job_shop {

// An active schedule (Giffler and Thompson 1960); of the tasks in conflict, those with
// much work behind them are likely to go first.
Plan random_active_plan(const Shop& shop, Random& random);

// Earliest starts of all tasks.
std::vector<Time> starts(const Shop& shop, const Plan& plan);

// Number of pairs of tasks on one machine that two plans arrange differently.
std::int64_t distance(const Shop& shop, const Plan& a, const Plan& b);

// A plan between two others, at about `share` / 1000 of the way from the first. Tasks are
// sorted by a mean of their times in both, so whatever the two agree on is kept: relations, and
// the order of any two tasks on a machine. Each time is drawn between earliest and latest start.
Plan between(const Shop& shop, const Plan& a, const Plan& b, Time share, Random& random);

}  // namespace headway::search::job_shop
