#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

#include "simulate/binding.hpp"
#include "simulate/shop/play.hpp"
#include "simulate/shop/world.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace simulate;
using namespace simulate::shop;

using Reals1 = nb::ndarray<nb::numpy, double, nb::ndim<1>>;

// Shared by the worlds that play it.
struct SharedShop {
    std::shared_ptr<const Fixed> fixed;
};

OutArray copied(const std::vector<Int>& values) { return to_numpy(std::vector<Int>(values)); }

void must_decide(const World& world) {
    if (!world.deciding()) {
        throw std::invalid_argument("shop: nothing is to be decided; go on to a decision first");
    }
}

void choose(World& world, Int position) {
    must_decide(world);
    const auto& candidates = world.candidates();
    if (position < 0 || position >= static_cast<Int>(candidates.size())) {
        throw std::out_of_range("shop: there is no candidate " + std::to_string(position));
    }
    world.choose(candidates[position]);
}

void hold(World& world) {
    must_decide(world);
    if (!world.may_hold()) {
        throw std::invalid_argument("shop: only jobs outside can be held back");
    }
    world.hold();
}

Reals1 column(const World& world, Int which) {
    if (which < 0 || which >= static_cast<Int>(COLUMN_NAMES.size())) {
        throw std::out_of_range("shop: there is no column " + std::to_string(which));
    }
    const auto& candidates = world.candidates();
    auto* values = new std::vector<double>(candidates.size());
    nb::capsule owner(values, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
    std::ranges::transform(candidates, values->begin(), [&](Int mode) {
        return world.value(static_cast<Column>(which), mode);
    });
    return Reals1(values->data(), {values->size()}, owner);
}

bool play_on(World& world, const Score& score, bool waits, Int until, const search::StopFlag& stop) {
    for (const Int column : score.columns()) {
        if (column >= static_cast<Int>(COLUMN_NAMES.size())) {
            throw std::out_of_range("shop: there is no column " + std::to_string(column));
        }
    }
    const nb::gil_scoped_release unlocked;
    return play(world, score, waits, until, stop);
}

nb::dict record(const World& world) {
    const Record& r = world.record();
    nb::dict columns;
    const auto add = [&](const char* name, const std::vector<Int>& values) {
        columns[name] = copied(values);
    };
    add("op", r.op);
    add("mode", r.mode);
    add("machine", r.machine);
    add("batch", r.batch);
    add("entered", r.entered);
    add("chosen", r.chosen);
    add("start", r.start);
    add("end", r.end);
    add("left", r.left);
    add("work", r.work);
    add("outcome", r.outcome);
    return columns;
}

template <class Value>
OutArray per_job(const World& world, Value value) {
    std::vector<Int> values(world.shop().arrival.size());
    for (std::size_t j = 0; j < values.size(); ++j) {
        values[j] = value(static_cast<Int>(j));
    }
    return to_numpy(std::move(values));
}

void bind_shop(nb::module_& module) {
    nb::class_<SharedShop>(module, "ShopCourse", "A shop and all that will happen to it.")
        .def(
            "__init__",
            [](SharedShop* self, InArray<Int> arrival, InArray<Int> release, InArray<Int> due,
               InArray<Int> weight, InArray<Int> cancelled, InArray<Int> op_ptr,
               InArray<Int> family, InArray<Int> pause, InArray<Int> mode_ptr,
               InArray<Int> machine, InArray<Int> estimate, InArray<Int> duration,
               InArray<Int> is_open, InArray<Int> demand_ptr, InArray<Int> demand_resource,
               InArray<Int> demand_amount, InArray<Int> capacity,
               InArray<Int> buffer, InArray<Int> batch, InArray<Int> setup,
               InArray<Int> break_ptr, InArray<Int> break_start, InArray<Int> break_end,
               InArray<Int> down_ptr, InArray<Int> down_start, InArray<Int> down_end,
               InArray<Int> effect, InArray<Int> setup_times, Int n_families, InArray<Int> transfers,
               InArray<Int> change_time, InArray<Int> change_kind, InArray<Int> change_subject,
               InArray<Int> change_value, bool revealed_when_ready, bool trapped) {
                new (self) SharedShop{std::make_shared<Fixed>(Shop(
                    {view(arrival), view(release), view(due), view(weight), view(cancelled),
                     view(op_ptr), view(family), view(pause), view(mode_ptr), view(machine),
                     view(estimate), view(duration), view(is_open), view(demand_ptr),
                     view(demand_resource), view(demand_amount), view(capacity), view(buffer),
                     view(batch), view(setup), view(break_ptr), view(break_start), view(break_end),
                     view(down_ptr), view(down_start), view(down_end), view(effect),
                     view(setup_times), n_families,
                     view(transfers), view(change_time), view(change_kind), view(change_subject),
                     view(change_value), revealed_when_ready, trapped}))};
            },
            nb::kw_only(), "arrival"_a, "release"_a, "due"_a, "weight"_a, "cancelled"_a, "op_ptr"_a,
            "family"_a, "pause"_a, "mode_ptr"_a, "machine"_a, "estimate"_a, "duration"_a,
            "is_open"_a, "demand_ptr"_a, "demand_resource"_a, "demand_amount"_a, "capacity"_a,
            "buffer"_a, "batch"_a, "setup"_a, "break_ptr"_a, "break_start"_a, "break_end"_a,
            "down_ptr"_a, "down_start"_a, "down_end"_a, "effect"_a, "setup_times"_a,
            "n_families"_a, "transfers"_a, "change_time"_a, "change_kind"_a, "change_subject"_a,
            "change_value"_a, "revealed_when_ready"_a, "trapped"_a);
}

}  // namespace

void bind_shop_world(nb::module_& module) {
    bind_shop(module);
    module.def("shop_columns", [] {
        return std::vector<std::string>(COLUMN_NAMES.begin(), COLUMN_NAMES.end());
    }, "Names of the columns that policies of shops see.");
    nb::class_<World>(module, "ShopWorld", "A shop that is played; whoever decides is asked in between.")
        .def(
            "__init__",
            [](World* self, const SharedShop& shop, bool per_machine) {
                new (self) World(shop.fixed, per_machine);
            },
            "shop"_a, "per_machine"_a)
        .def("clone", [](const World& self) { return World(self); })
        .def(
            "advance",
            [](World& self, Int until) {
                const bool more = self.advance(until);
                self.sort_candidates();
                return more;
            },
            "until"_a, "On to the next decision; false if there is none before `until`.")
        .def("candidates", [](const World& self) { return copied(self.candidates()); })
        .def_prop_ro("n_candidates", [](const World& self) { return self.candidates().size(); })
        .def(
            "reader",
            [](nb::handle_t<World> self) {
                const World* world = nb::inst_ptr<World>(self);
                return nb::cpp_function(
                    [owner = nb::borrow(self), world](Int which, Int decision) {
                        if (!world->deciding() || world->n_decisions() != decision) {
                            throw std::invalid_argument("shop: that decision has been taken");
                        }
                        return column(*world, which);
                    },
                    "which"_a, "decision"_a);
            },
            "A function from a column, and the number of the decision, to its values for all "
            "candidates. Unlike a bound method it does not lead back to the world.")
        .def("choose", &choose, "position"_a, "Carries out a candidate.")
        .def("hold", &hold, "Holds jobs outside back until something changes.")
        .def("play", &play_on, "score"_a, "waits"_a, "until"_a, "stop"_a,
             "To the end, by a native policy; false if it was stopped.")
        .def("record", &record)
        .def("due", [](const World& self) {
            return per_job(self, [&](Int j) { return self.due(j); });
        })
        .def("completion", [](const World& self) {
            return per_job(self, [&](Int j) { return self.completion(j); });
        })
        .def_prop_ro("may_hold", &World::may_hold)
        .def_prop_ro("deciding", &World::deciding)
        .def_prop_ro("now", &World::now)
        .def_prop_ro("n_events", &World::n_events)
        .def_prop_ro("n_decisions", &World::n_decisions);
}

}  // namespace headway
