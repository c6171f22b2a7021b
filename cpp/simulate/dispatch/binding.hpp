// Dispatching of static job shops in headway._core.
#pragma once

#include "arrays.hpp"

namespace headway {

// DispatchShop, DispatchKey, DispatchRule, dispatch_sampled, dispatch_beam.
void bind_dispatch(nb::module_& module);

}  // namespace headway
