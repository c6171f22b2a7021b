// Linear orders to begin a search with: built at random, or between two known ones.
#pragma once

#include <span>
#include <vector>

#include "search/random.hpp"
#include "search/job_shop/shop.hpp"

namespace headway::search::job_shop {

// The order of an active schedule (Giffler and Thompson 1960); of the tasks in conflict, those with
// much work behind them are likely to go first.
std::vector<Index> random_active_order(const Shop& shop, Random& random);

// Earliest starts of all tasks if each machine keeps to a linear order.
std::vector<Time> starts(const Shop& shop, std::span<const Index> order);

// Number of pairs of tasks on one machine that two linear orders arrange differently.
std::int64_t distance(const Shop& shop, std::span<const Index> a, std::span<const Index> b);

// A linear order between two others, at about `share` / 1000 of the way from the first. Tasks are
// sorted by a mean of their times in both, so whatever the two agree on is kept: relations, and
// the order of any two tasks on a machine. Each time is drawn between earliest and latest start.
std::vector<Index> between(const Shop& shop, std::span<const Index> a, std::span<const Index> b,
                           Time share, Random& random);

}  // namespace headway::search::job_shop
