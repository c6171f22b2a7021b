// What the simulation cores add to the module.
#pragma once

#include "arrays.hpp"

namespace headway {

void bind_score(nb::module_& module);
void bind_shop_world(nb::module_& module);
void bind_cluster(nb::module_& module);
void bind_servers(nb::module_& module);
void bind_cluster_nodes(nb::module_& module);

}  // namespace headway
