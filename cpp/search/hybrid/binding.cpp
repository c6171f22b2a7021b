#include "search/binding.hpp"

#include <stdexcept>

#include "search/hybrid/search.hpp"
#include "search/orders.hpp"
#include "search/worker_binding.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::hybrid;

std::vector<Index> jobs_in(const Shop& shop, InArray<Int> order) {
    return checked_order(view(order), shop.n_jobs(), "order: every job is to appear once");
}

}  // namespace

void bind_hybrid(nb::module_& module) {
    nb::class_<Shop>(module, "HybridShop", "Jobs that visit stages of machines side by side.")
        .def(
            "__init__",
            [](Shop* self, InArray<Int> stage_ptr, InArray<Int> duration, InArray<Int> release,
               InArray<Int> due, InArray<Int> weight, Int aim, Int floor) {
                new (self) Shop({view(stage_ptr), view(duration), view(release), view(due),
                                 view(weight), aim, floor});
            },
            "stage_ptr"_a, "duration"_a, "release"_a, "due"_a, "weight"_a, "aim"_a, "floor"_a)
        .def(
            "value",
            [](const Shop& self, InArray<Int> order) {
                return Decoder(self).value(jobs_in(self, order),
                                           std::numeric_limits<Int>::max());
            },
            "order"_a, "What the schedule costs in which jobs enter the first stage in an order.")
        .def(
            "schedule",
            [](const Shop& self, InArray<Int> order) {
                Assignment result;
                Decoder(self).schedule(jobs_in(self, order), result);
                return nb::make_tuple(copied(result.start), copied(result.machine));
            },
            "order"_a, "That schedule: starts and machines, a row of stages per job.");

    nb::class_<HybridSearch> native(module, "HybridSearch",
                                    "Annealing on orders of jobs; run() may be called by several "
                                    "threads at once, which share their best order.");
    native
        .def(
            "__init__",
            [](HybridSearch* self, const Shop& shop, Int temperature, std::uint64_t cycle) {
                if (temperature < 0 || temperature > 1'000'000 || cycle == 0 ||
                    cycle > (std::uint64_t{1} << 40)) {
                    throw std::invalid_argument("HybridSearch: temperature from 0, cycle from 1");
                }
                new (self) HybridSearch(shop, {temperature, cycle});
            },
            "shop"_a, "temperature"_a, "cycle"_a, nb::keep_alive<1, 2>())
        .def(
            "offer",
            [](HybridSearch& self, InArray<Int> order) {
                self.offer(jobs_in(self.shop(), order));
            },
            "order"_a, "An order of all jobs to search from next.");
    bind_worker(native,
                "One worker, until a limit or its stop flag; "
                "returns the number of orders tried.");
}

}  // namespace headway
