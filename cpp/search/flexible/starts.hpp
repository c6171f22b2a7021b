// Plans to begin a search with: built at random, or between two known ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/flexible/shop.hpp"
#include "search/random.hpp"

namespace headway::search::flexible {

// Tasks one after another, each in the mode that ends it first; of the tasks that compete for the
// machine on which the next one could end, those with much work behind them are likely to go first.
Plan random_plan(const Shop& shop, Random& random);

// Earliest starts of all tasks.
std::vector<Time> starts(const Shop& shop, const Plan& plan);

// Number of tasks with different modes, and of pairs of tasks on one machine in both plans that
// the two arrange differently.
std::int64_t distance(const Shop& shop, const Plan& a, const Plan& b);

// A plan between two others, at about `share` / 1000 of the way from the first. Modes are taken
// from either; tasks are sorted by a mean of their times in both, so whatever the two agree on is
// kept. Each time is drawn between earliest and latest start.
Plan between(const Shop& shop, const Plan& a, const Plan& b, Time share, Random& random);

}  // namespace headway::search::flexible
