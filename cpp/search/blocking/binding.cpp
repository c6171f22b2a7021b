#include "search/binding.hpp"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <stdexcept>

#include "search/blocking/search.hpp"
#include "search/blocking/selection.hpp"
#include "search/worker_binding.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::blocking;

void load(Selection& selection, InArray<Int> start) {
    if (!selection.load(checked_starts(view(start), selection.shop().n_tasks()))) {
        throw std::invalid_argument("start: no schedule has the order of these starts");
    }
}

void move(Selection& selection, Index left, Index right, bool pull) {
    const Shop& shop = selection.shop();
    if (left < 0 || right < 0 || left >= shop.n_tasks() || right >= shop.n_tasks()) {
        throw std::out_of_range("move: no such task");
    }
    if (selection.left(right) != left || shop.task(left).job == shop.task(right).job) {
        throw std::invalid_argument("move: two neighbours of different jobs are expected");
    }
    selection.apply({left, right, pull});
    selection.commit();
}

}  // namespace

void bind_blocking(nb::module_& module) {
    nb::class_<Shop>(module, "BlockingShop", "Chains of tasks that hold their machines.")
        .def(
            "__init__",
            [](Shop* self, InArray<Int> machine, InArray<Int> duration, InArray<Int> release,
               InArray<Int> next, InArray<Int> lag, InArray<bool> holds) {
                new (self) Shop({view(machine), view(duration), view(release), view(next),
                                 view(lag), view(holds)});
            },
            "machine"_a, "duration"_a, "release"_a, "following"_a, "lag"_a, "holds"_a);

    nb::class_<Selection>(module, "Selection", "Machine orders that can be kept, with starts.")
        .def(nb::init<const Shop&>(), "shop"_a, nb::keep_alive<1, 2>())
        .def("load", &load, "start"_a, "Order tasks by their starts in a schedule.")
        .def("move", &move, "left"_a, "right"_a, "pull"_a,
             "Let two neighbours on a machine change places, and whatever has to give way.")
        .def(
            "critical",
            [](const Selection& self, std::uint64_t seed) {
                Random random(seed);
                std::vector<std::pair<Index, Index>> arcs;
                self.critical(arcs, random);
                return arcs;
            },
            "seed"_a, "Neighbours on machines along one critical path.")
        .def_prop_ro("makespan", &Selection::makespan)
        .def_prop_ro(
            "start", [](const Selection& self) { return copied(self.start()); },
            nb::rv_policy::move);

    nb::class_<BlockingSearch> native(module, "BlockingSearch",
                                      "Tabu search by job insertion; run() may be called by "
                                      "several threads at once, which share their best.");
    native
        .def(nb::init<const Shop&>(), "shop"_a, nb::keep_alive<1, 2>())
        .def(
            "offer",
            [](BlockingSearch& self, InArray<Int> start) {
                self.offer(checked_starts(view(start), self.shop().n_tasks()));
            },
            "start"_a, "Starts of all tasks to search from next.");
    bind_worker(native,
                "One worker, until a limit or its stop flag; "
                "returns the number of moves looked at.");
}

}  // namespace headway
