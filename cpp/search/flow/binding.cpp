#include "search/binding.hpp"

#include <nanobind/stl/pair.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

#include "search/flow/search.hpp"
#include "search/flow/sequence.hpp"
#include "search/orders.hpp"
#include "search/worker_binding.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace search;
using namespace search::flow;

std::vector<Index> jobs_in(const Shop& shop, InArray<Int> order) {
    return checked_order(view(order), shop.n_jobs(), "order: every job is to appear once");
}

// An order to look at from Python.
struct Probe {
    explicit Probe(const Shop& shop) : sequence(Sequence::of(shop)) {}

    std::unique_ptr<Sequence> sequence;

    void insert(Index place, Index job) {
        if (place < 0 || place > sequence->size()) {
            throw std::out_of_range("insert: no such place");
        }
        require_new(job);
        sequence->insert(place, job);
    }
    Index remove(Index place) {
        if (place < 0 || place >= sequence->size()) {
            throw std::out_of_range("remove: no such place");
        }
        return sequence->remove(place);
    }
    std::pair<Index, Int> best_place(Index job, std::uint64_t seed) {
        require_new(job);
        Random random(seed);
        const Place place = sequence->best_place(job, random);
        return {place.at, place.value};
    }
    void require_new(Index job) const {
        if (job < 0 || job >= sequence->shop().n_jobs() ||
            std::ranges::count(sequence->order(), job) > 0) {
            throw std::invalid_argument("the job is not there, or already in the order");
        }
    }
};

}  // namespace

void bind_flow(nb::module_& module) {
    nb::class_<Shop>(module, "FlowShop", "Jobs that visit all machines in one order.")
        .def(
            "__init__",
            [](Shop* self, Int n_machines, InArray<Int> duration, InArray<Int> release,
               InArray<Int> due, InArray<Int> weight, InArray<Int> setup, Int aim, bool blocking,
               Int floor) {
                new (self) Shop({n_machines, view(duration), view(release), view(due),
                                 view(weight), view(setup), aim, blocking, floor});
            },
            "n_machines"_a, "duration"_a, "release"_a, "due"_a, "weight"_a, "setup"_a, "aim"_a,
            "blocking"_a, "floor"_a)
        .def(
            "starts",
            [](const Shop& self, InArray<Int> order) {
                return to_numpy(starts(self, jobs_in(self, order)));
            },
            "order"_a, "When each operation starts; a row of machines per job.");

    nb::class_<Probe>(module, "FlowSequence", "An order of some jobs of a flow shop.")
        .def(nb::init<const Shop&>(), "shop"_a, nb::keep_alive<1, 2>())
        .def(
            "assign",
            [](Probe& self, InArray<Int> jobs) {
                self.sequence->assign(checked_items(view(jobs), self.sequence->shop().n_jobs(),
                                   "order: a job that is not there, or that appears twice"));
            },
            "jobs"_a)
        .def("insert", &Probe::insert, "place"_a, "job"_a)
        .def("remove", &Probe::remove, "place"_a)
        .def("best_place", &Probe::best_place, "job"_a, "seed"_a,
             "The best place for a job that is not in the order, and the value with it there.")
        .def_prop_ro("value", [](Probe& self) { return self.sequence->value(); })
        .def_prop_ro(
            "order", [](const Probe& self) { return copied(self.sequence->order()); },
            nb::rv_policy::move);

    nb::class_<FlowSearch> native(module, "FlowSearch",
                                  "Iterated greedy search; run() may be called by several threads"
                                  " at once, which share their best order.");
    native
        .def(
            "__init__",
            [](FlowSearch* self, const Shop& shop, Index destruction, Int temperature,
               std::uint64_t patience) {
                if (destruction < 1 || temperature < 0 || temperature > 1'000'000) {
                    throw std::invalid_argument(
                        "FlowSearch: destruction from 1, temperature from 0");
                }
                new (self) FlowSearch(shop, {destruction, temperature, patience});
            },
            "shop"_a, "destruction"_a, "temperature"_a, "patience"_a, nb::keep_alive<1, 2>())
        .def(
            "offer",
            [](FlowSearch& self, InArray<Int> order) {
                self.offer(jobs_in(self.shop(), order));
            },
            "order"_a, "An order of all jobs to search from next.");
    bind_worker(native,
                "One worker, until a limit or its stop flag; "
                "returns the number of insertions.");
}

}  // namespace headway
