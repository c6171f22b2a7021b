// How scarce the time of each machine is.
#pragma once

#include <span>
#include <vector>

#include "search/flexible/shop.hpp"

namespace headway::search::flexible {

// Prices from 0 to `highest`, the one of the scarcest machine: near the best dual solution of the
// linear programme that shares all work out so that the largest load of a machine is least, found
// by multiplicative weights (Plotkin, Shmoys and Tardos 1995). Machines with a high load become
// dearer, each task takes its cheapest mode, over and over; the mean of later prices counts.
std::vector<Time> machine_prices(std::span<const Index> first_mode, std::span<const Mode> modes,
                                 Index n_machines, Time highest);

}  // namespace headway::search::flexible
