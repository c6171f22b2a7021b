// Better orders for total tardiness by moving single jobs.
#pragma once

#include <vector>

#include "base.hpp"

namespace headway::search::single {

// Appends the jobs of `order` one by one; after each, the job whose move to the end of the partial
// sequence lowers its total tardiness most is moved there (Bean and Hall, 1985).
std::vector<Int> augmented(Ints work, Ints due, Ints order);

// Moves job after job to its best place until no move lowers the total tardiness.
std::vector<Int> insertion_descent(Ints work, Ints due, Ints order);

}  // namespace headway::search::single
