// What the serving cores add to the module.
#pragma once

#include "arrays.hpp"

namespace headway {

void bind_engine(nb::module_& module);
void bind_fleet(nb::module_& module);
void bind_routing(nb::module_& module);
void bind_step_time(nb::module_& module);

}  // namespace headway
