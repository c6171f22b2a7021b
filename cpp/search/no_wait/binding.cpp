#include "search/binding.hpp"

#include <algorithm>

#include "search/no_wait/search.hpp"
#include "search/no_wait/timetable.hpp"
#include "search/orders.hpp"
#include "search/worker_binding.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::no_wait;

// Earliest starts of all items that are placed in an order, and the value.
nb::tuple place(const Shop& shop, InArray<Int> given) {
    const std::vector<Index> order =
        checked_order(view(given), shop.n_items(), "order: every item is to appear once");
    Timetable table(shop);
    table.load(order);
    return nb::make_tuple(copied(table.start()), table.value());
}

}  // namespace

void bind_no_wait(nb::module_& module) {
    nb::class_<Shop>(module, "NoWaitShop", "Sets of tasks at fixed times from one another.")
        .def(
            "__init__",
            [](Shop* self, InArray<Int> item, InArray<Int> machine, InArray<Int> offset,
               InArray<Int> length, InArray<Int> release, InArray<Int> span, InArray<Int> weight,
               InArray<Int> due, InArray<Int> least, InArray<Int> break_machine,
               InArray<Int> break_start, InArray<Int> break_end, bool total) {
                new (self) Shop({view(item), view(machine), view(offset), view(length),
                                 view(release), view(span), view(weight), view(due), view(least),
                                 view(break_machine), view(break_start), view(break_end), total});
            },
            "item"_a, "machine"_a, "offset"_a, "length"_a, "release"_a, "span"_a, "weight"_a,
            "due"_a, "least"_a, "break_machine"_a, "break_start"_a, "break_end"_a, "total"_a)
        .def("place", &place, "order"_a,
             "Starts of all items, each as early as those before it in the order allow; the value.");

    nb::class_<NoWaitSearch> native(module, "NoWaitSearch",
                                    "Iterated greedy search; run() may be called by several "
                                    "threads at once, which share their best.");
    native
        .def(nb::init<const Shop&>(), "shop"_a, nb::keep_alive<1, 2>())
        .def(
            "offer",
            [](NoWaitSearch& self, InArray<Int> start) {
                self.offer(checked_starts(view(start), self.shop().n_items()));
            },
            "start"_a, "Starts of all items to search from next.");
    bind_worker(native,
                "One worker, until a limit or its stop flag; "
                "returns the number of places tried.");
}

}  // namespace headway
