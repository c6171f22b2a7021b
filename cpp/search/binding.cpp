#include "search/binding.hpp"

#include "search/control.hpp"
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
}

}  // namespace headway
