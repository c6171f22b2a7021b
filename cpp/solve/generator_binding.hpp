// headway._core.Generator.
#pragma once

#include "arrays.hpp"

namespace headway {

void bind_generator(nb::module_& module);

}  // namespace headway
