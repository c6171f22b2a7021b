// headway._core.JobShop, Orientation, JobShopSearch and one_machine_optimum.
#pragma once

#include "arrays.hpp"

namespace headway {

void bind_search(nb::module_& module);

}  // namespace headway
