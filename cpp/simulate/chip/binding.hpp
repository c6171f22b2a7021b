#pragma once

#include "arrays.hpp"

namespace headway {

// Streams of task graphs on the elements of a chip.
void bind_chip(nb::module_& module);

}  // namespace headway
