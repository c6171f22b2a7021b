#include "search/binding.hpp"

#include "search/control.hpp"
#include "search/energetic.hpp"
#include "search/one_machine.hpp"

namespace headway {

using namespace nb::literals;
using namespace search;

void bind_common(nb::module_& module) {
    nb::class_<StopFlag>(module, "StopFlag", "Asks native workers to end soon.")
        .def(nb::init<>())
        .def("set", &StopFlag::set);

    module.def(
        "one_machine_optimum",
        [](InArray<Int> head, InArray<Int> work, InArray<Int> tail, Int nodes) {
            const nb::gil_scoped_release unlocked;
            return one_machine_optimum(view(head), view(work), view(tail), nodes);
        },
        "head"_a, "work"_a, "tail"_a, "nodes"_a,
        "Least latest end of work plus tail on one machine, or a lower bound on it.");

    module.def(
        "energetic_bound",
        [](InArray<Int> head, InArray<Int> work, InArray<Int> tail, InArray<Int> amount,
           InArray<Int> step_time, InArray<Int> step_capacity, Int low, Int effort) {
            const nb::gil_scoped_release unlocked;
            return energetic_bound({view(head), view(work), view(tail), view(amount),
                                    view(step_time), view(step_capacity)},
                                   low, effort);
        },
        "head"_a, "work"_a, "tail"_a, "amount"_a, "step_time"_a, "step_capacity"_a, "low"_a,
        "effort"_a,
        "Smallest makespan from `low` on that energetic reasoning on one resource cannot refute.");
}

}  // namespace headway
