// The searches in headway._core, one function per kind of problem.
#pragma once

#include "arrays.hpp"

namespace headway {

// StopFlag, energetic_bound, one_machine_optimum.
void bind_common(nb::module_& module);

// FlexibleShop, FlexibleOrientation, FlexibleSearch.
void bind_flexible(nb::module_& module);

// FlowShop, FlowSequence, FlowSearch.
void bind_flow(nb::module_& module);

// HybridShop, HybridSearch.
void bind_hybrid(nb::module_& module);

// JobShop, Orientation, JobShopSearch.
void bind_job_shop(nb::module_& module);

// LagProject, LagSearch, generate_with_lags.
void bind_max_lags(nb::module_& module);

// Project, ProjectSearch, generate_project.
void bind_project(nb::module_& module);

// BlockingShop, Selection, BlockingSearch.
void bind_blocking(nb::module_& module);

// NoWaitShop, NoWaitSearch.
void bind_no_wait(nb::module_& module);

// Shop, ShopState, ShopSearch.
void bind_shop(nb::module_& module);

// augmented, insertion_descent, least_total_tardiness, Line, SingleMachineSearch.
void bind_single(nb::module_& module);

}  // namespace headway
