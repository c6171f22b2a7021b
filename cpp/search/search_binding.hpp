// headway._core.JobShop, Orientation and JobShopSearch.
#pragma once

#include "arrays.hpp"

namespace headway {

void bind_search(nb::module_& module);

}  // namespace headway
